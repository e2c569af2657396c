"""Validation data, cut from train by the rule by which the test set was cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.ragged import Ragged
from training.benchmark.keys import among, distinct
from training.benchmark.load import SHORTEST, Loaded, Split, held_whole, last_of_each, pose_cold
from training.benchmark.log import Clock, Log, without
from training.benchmark.problem import Problem, pose, ragged
from training.datasets.split import window_days

_SECONDS_A_DAY = 86_400
# Of train, whatever the test set is: fewer measure nothing, more change what is learnt.
_LEAST_SHARE, _MOST_SHARE = 0.05, 0.2
# Users x items that one trial scores: more users narrow the noise, but each trial costs more.
_MOST_SCORES = 120_000_000
_FEWEST_USERS = 1_000


class Rule(StrEnum):
    """How the test set was cut."""

    WINDOW = "the last days"
    LAST_OF_EACH = "the last event of each user"
    SOME_OF_EACH = "as many events of each user, at random"
    SHARE = "a share of all events, at random"
    COLD_ITEMS = "a share of all items, whole"
    COLD_USERS = "a share of all users, whole"


_WHOLE = {Split.COLD_ITEMS: Rule.COLD_ITEMS, Split.COLD_USERS: Rule.COLD_USERS}


@dataclass(frozen=True)
class Validation:
    """A question like the test's, within train. `rule` is None where its answer was given as a file."""

    problem: Problem
    rule: Rule | None


def validation(loaded: Loaded, seed: int) -> Validation | None:
    """None where train is too small to cut anything that can be measured."""
    problem, items = loaded.problem, loaded.problem.catalogue.shape[1]
    if loaded.split in _WHOLE:
        return _cold(problem, loaded.split, seed)
    rule = None
    if loaded.valid is not None:
        log, held = without(problem.log, loaded.valid, items), loaded.valid
    else:
        rule = rule_of(problem.log, loaded.held)
        cut = _cut(problem.log, loaded.held, rule, np.random.default_rng(seed))
        log, held = problem.log.take(~cut), problem.log.take(cut)
    if not len(log) or not len(held):
        return None
    held = held.take(among(held.user, distinct(log.user)) & among(held.item, distinct(log.item)))
    held = _sampled(held, problem, seed)
    candidates = _negatives(problem, held, seed)
    posed = pose(problem.catalogue, log, held, problem.target, candidates)
    posed = replace(posed, described=problem.described)
    return Validation(posed, rule) if len(posed.measured) else None


def _cold(problem: Problem, split: Split, seed: int) -> Validation | None:
    """Items or users of train held out whole, as those of the test set were."""
    log = problem.log
    out = held_whole(log, split, seed)
    if not out.any() or out.all():
        return None
    posed = replace(
        pose_cold(problem.catalogue, log, out, split, problem.target), described=problem.described
    )
    return Validation(posed, _WHOLE[split]) if len(posed.measured) else None


def rule_of(log: Log, held: Log) -> Rule:
    """From the shape of the test set: times where they exist, else how many events each user has in it."""
    if log.clock is Clock.TIMES and held.time.min() >= log.time.max():
        return Rule.WINDOW
    counts = np.bincount(held.user)
    counts = counts[counts > 0]
    if log.clock is not Clock.NONE and counts.max() == 1 and _after(log, held):
        return Rule.LAST_OF_EACH
    return Rule.SOME_OF_EACH if counts.min() == counts.max() else Rule.SHARE


def _after(log: Log, held: Log) -> bool:
    """Whether each held-out event comes after all that its user did in the log."""
    if log.clock is Clock.STEPS:
        return True
    users = int(max(log.user.max(), held.user.max())) + 1
    latest = np.full(users, -np.inf)
    np.maximum.at(latest, log.user, log.time)
    return bool((held.time >= latest[held.user]).all())


def _cut(log: Log, held: Log, rule: Rule, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """[n] which events of the log become validation data."""
    if rule is Rule.WINDOW:
        day = log.time // _SECONDS_A_DAY
        first = day.max() - window_days(int(day.min()), int(day.max())) + 1
        return np.asarray(day >= first)
    if rule is Rule.LAST_OF_EACH:
        return last_of_each(log, SHORTEST)
    if rule is Rule.SHARE:
        share = len(held) / (len(held) + len(log))
        return random.random(len(log)) < min(max(share, _LEAST_SHARE), _MOST_SHARE)
    each = round(len(held) / len(distinct(held.user)))
    return _some_of_each(log, each, random)


def _some_of_each(log: Log, each: int, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """[n] so many of each user's events, at most half of them, at random."""
    order = np.lexsort((random.random(len(log)), log.user))
    counts = np.bincount(log.user)
    place = np.arange(len(log)) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = np.zeros(len(log), dtype=np.bool_)
    chosen[order] = place < np.repeat(np.minimum(each, counts // 2), counts)
    return chosen


def _sampled(held: Log, problem: Problem, seed: int) -> Log:
    """What is held out of so many users that a trial can score them all; of all, where they are few."""
    most = max(_FEWEST_USERS, _MOST_SCORES // problem.catalogue.shape[1])
    users = distinct(held.user)
    if len(users) <= most:
        return held
    chosen = np.random.default_rng([seed, 1]).choice(users, most, replace=False)
    return held.take(among(held.user, np.sort(chosen)))


def _negatives(problem: Problem, held: Log, seed: int) -> Ragged | None:
    """As many a user as were published, drawn evenly from what the user neither has nor is asked about."""
    if problem.candidates is None:
        return None
    users, items = problem.catalogue.shape
    measured = distinct(held.user)
    count = int(np.median(problem.candidates.lengths[problem.asked])) - 1
    taken = distinct(np.concatenate([problem.log.pairs(items), held.pairs(items)]))
    drawn = _drawn(measured, items, count, taken, np.random.default_rng([seed, 2]))
    keys = np.concatenate([drawn, held.pairs(items)])
    return ragged(keys // items, keys % items, users)


def _drawn(users: IntArray, items: int, count: int, taken: IntArray, random: np.random.Generator) -> IntArray:
    """Pairs user * items + item that are not among the sorted taken ones: `count` different ones a user.

    Four times as many are drawn at once; only who has met nearly everything ends with fewer.
    """
    tried = users[:, None] * items + random.integers(items, size=(len(users), 4 * count))
    free = ~among(tried, taken)
    order = np.argsort(tried, axis=1, kind="stable")
    ordered = np.take_along_axis(tried, order, axis=1)
    again = np.zeros(tried.shape, dtype=np.bool_)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    repeated = np.empty_like(again)
    np.put_along_axis(repeated, order, again, axis=1)
    free &= ~repeated
    return np.asarray(tried[free & (np.cumsum(free, axis=1) <= count)], dtype=np.int64)

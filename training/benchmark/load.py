"""From files to a problem, and what is said where files do not fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recolake.errors import InvalidInputError
from recolake.ranking.items import IntArray
from recolake.ranking.ragged import Ragged
from training.benchmark import keys
from training.benchmark.log import Catalogue, Clock, Log, completed, encoded, steps_after
from training.benchmark.problem import Problem, Target, pose, ragged
from training.datasets.features import NOTHING, Described
from training.files.events import EvaluationFileError, Events, Negatives, common_kind, distinct
from training.files.read import read_events, read_negatives


class Split(StrEnum):
    """How one file is cut into train and test."""

    LEAVE_LAST_OUT = "leave-last-out"
    COLD_ITEMS = "cold-items"  # some items whole, which are then ranked among themselves
    COLD_USERS = "cold-users"  # some users whole


# Of all items or users of the log, those that are held out whole.
COLD_SHARE = 0.2
# A user with fewer has nothing left to learn from once the last one, and one more for validation, are out.
SHORTEST = 3


@dataclass(frozen=True)
class Loaded:
    """The question that is asked of the test set, and what may be tuned on.

    Attributes:
        held: the events that were held out, as the test file has them.
        valid: events of the log that are given as validation data; None where they are to be cut from it.
        split: how one file was cut; None where train and test are two files.
    """

    problem: Problem
    held: Log
    valid: Log | None = None
    split: Split | None = None


def load_files(
    train: Path,
    test: Path,
    valid: Path | None,
    negatives: Path | None,
    target: Target,
    described: Described = NOTHING,
) -> Loaded:
    """Raises EvaluationFileError where a file cannot be used or has nothing to do with the others."""
    files = [read_events(path) for path in (train, test, valid) if path]
    published = read_negatives(negatives) if negatives else None
    if len({events.time is None for events in files}) == 1 and files[0].time is not None:
        clock = Clock.TIMES
    else:
        clock = Clock.STEPS if files[0].ordered else Clock.NONE
    catalogue, files, published = _unified(files, published)
    log, held, *known = (encoded(events, catalogue, clock) for events in files)
    _check_overlap(log, held, test.name)
    if known:
        # Not every published validation set lies within train; the final fit sees all of it.
        log = completed(log, known[0], len(catalogue.items))
    candidates, excluded = _candidates(published, held, catalogue)
    problem = replace(pose(catalogue, log, held, target, candidates, excluded), described=described)
    _check_measurable(problem)
    return Loaded(problem, held, known[0] if known else None)


def load_split(
    data: Path, split: Split, target: Target, seed: int = 0, described: Described = NOTHING
) -> Loaded:
    """One file, cut.

    Of sequences each user's last event is held out; users with fewer than three stay in train whole. What is
    held out whole is drawn by the seed.

    Raises:
        EvaluationFileError: the file cannot be used, or is too small to be cut so.
    """
    if split is Split.LEAVE_LAST_OUT:
        return load_sequences(data, target, described)
    events = read_events(data)
    clock = Clock.TIMES if events.time is not None else Clock.STEPS if events.ordered else Clock.NONE
    catalogue, (events,), _ = _unified([events], None)
    log = encoded(events, catalogue, clock)
    out = held_whole(log, split, seed)
    if not out.any() or out.all():
        raise EvaluationFileError(f"{data.name} is too small for --split {split}.")
    problem = replace(pose_cold(catalogue, log, out, split, target), described=described)
    _check_measurable(problem)
    return Loaded(problem, log.take(out), split=split)


def held_whole(log: Log, split: Split, seed: int) -> npt.NDArray[np.bool_]:
    """[n] whether it is an event of an item, or user, that is held out: a fifth of those of the log."""
    column = log.item if split is Split.COLD_ITEMS else log.user
    known = keys.distinct(column)
    count = int(COLD_SHARE * len(known))
    drawn = np.random.default_rng([seed, 4]).choice(known, count, replace=False)
    return keys.among(column, np.sort(drawn))


def pose_cold(
    catalogue: Catalogue, log: Log, out: npt.NDArray[np.bool_], split: Split, target: Target
) -> Problem:
    """The question whether the events that are out can be foreseen from the others."""
    problem = pose(catalogue, log.take(~out), log.take(out), target)
    if split is not Split.COLD_ITEMS:
        return problem
    ranked = np.zeros(len(catalogue.items), dtype=np.bool_)
    ranked[log.item[out]] = True
    return replace(problem, ranked=ranked)


def load_sequences(data: Path, target: Target, described: Described = NOTHING) -> Loaded:
    """Each user's last event is held out; users with fewer than three stay in train whole."""
    events = read_events(data)
    if events.time is None and not events.ordered:
        raise EvaluationFileError(
            f"{data.name} says nothing of time, so no event is the last one.",
            hint=f"--split {Split.LEAVE_LAST_OUT} needs sequences or timestamps.",
        )
    clock = Clock.STEPS if events.time is None else Clock.TIMES
    catalogue, (events,), _ = _unified([events], None)
    log = encoded(events, catalogue, clock)
    last = last_of_each(log, SHORTEST)
    if not last.any():
        raise EvaluationFileError(
            f"No user of {data.name} has {SHORTEST} events, so nothing can be held out."
        )
    problem = replace(pose(catalogue, log.take(~last), log.take(last), target), described=described)
    _check_measurable(problem)
    return Loaded(problem, log.take(last), split=Split.LEAVE_LAST_OUT)


def last_of_each(log: Log, shortest: int) -> npt.NDArray[np.bool_]:
    """[n] whether it is the last event of a user who has at least `shortest`."""
    counts = np.bincount(log.user)
    last: npt.NDArray[np.bool_] = (steps_after(log) == 0) & (counts[log.user] >= shortest)
    return last


def _unified(
    files: Sequence[Events], negatives: Negatives | None
) -> tuple[Catalogue, list[Events], Negatives | None]:
    """The ids of all files made one kind, and all of them as one catalogue."""
    users, items = [events.user for events in files], [events.item for events in files]
    if negatives is not None:
        users, items = [*users, negatives.user], [*items, negatives.item, negatives.positive]
    users, items = common_kind(*users), common_kind(*items)
    catalogue = Catalogue(distinct(users), distinct(items))
    files = [replace(e, user=users[n], item=items[n]) for n, e in enumerate(files)]
    if negatives is not None:
        negatives = replace(negatives, user=users[-1], item=items[-2], positive=items[-1])
    return catalogue, files, negatives


def _candidates(
    negatives: Negatives | None, held: Log, catalogue: Catalogue
) -> tuple[Ragged | None, IntArray | None]:
    """Negatives and held-out items per user; and the users whose negatives hold a held-out item."""
    if negatives is None:
        return None, None
    width = len(catalogue.items)
    user = np.searchsorted(catalogue.users, negatives.user)[negatives.owner]
    item = np.searchsorted(catalogue.items, negatives.item)
    positives = held.pairs(width)
    excluded = keys.distinct(user[keys.among(user * width + item, positives)])
    named = keys.among(positives // width, keys.distinct(user))
    owner = np.concatenate([user, positives[named] // width])
    rows = np.concatenate([item, positives[named] % width])
    return ragged(owner, rows, len(catalogue.users)), excluded


def _check_overlap(log: Log, held: Log, name: str) -> None:
    for what, learnt, asked in (("user", log.user, held.user), ("item", log.item, held.item)):
        if not keys.among(asked, keys.distinct(learnt)).any():
            raise EvaluationFileError(
                f"No {what} of {name} is in train.",
                hint="Both files must call the same things by the same ids.",
            )


def _check_measurable(problem: Problem) -> None:
    if not len(problem.measured):
        why = ", ".join(f"{count} users: {reason}" for reason, count in problem.left_out.items() if count)
        raise InvalidInputError(f"Nobody can be measured ({why}).", hint="--target all counts re-purchases.")

"""Choose a model for a data set: up the ladder, cheapest first, within a budget of seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pydantic import BaseModel

from recolake.errors import InvalidInputError
from training.auto.blend import Weighing, blended, scaled, weigh
from training.auto.budget import Budget
from training.auto.choice import Choice, ChosenPart, pick
from training.auto.facts import Facts
from training.auto.ingredients import ingredients
from training.auto.pool import pool
from training.auto.rung import Cost, Rung, Tools
from training.auto.search import Search
from training.auto.trial import Bench, Trial
from training.benchmark.problem import Problem
from training.models.base import Model

BLEND = "blend"
RICH_BLEND = "blend with second stage"
# The final fit and its lists take somewhat longer than the same on validation data did.
_RESERVE = 1.4
_PROMISING = 0.5
# Of the time that is left, one model among several may use so much.
_LARGEST_SHARE = 0.4
# Of the whole budget, what searches leave for weighing blends.
_WEIGHING = 0.1


@dataclass(frozen=True)
class Chosen:
    """What was picked, and what else was tried.

    Attributes:
        trials: every configuration that was tried, best first.
        skipped: why models of the ladder were not tried, or not to the end.
    """

    choice: Choice
    leaderboard: Sequence[Choice]
    trials: Sequence[Trial] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)


def choose(
    ladder: Sequence[Rung],
    test: Problem,
    valid: Problem | None,
    ks: tuple[int, ...],
    budget: Budget,
    tools: Tools,
    progress: Callable[[str], None],
) -> Chosen:
    """Try the models on validation data. Without any: the cheapest of them, as it comes.

    `test` is asked for its size alone: what remains of the budget must do for the fit and the lists.

    Raises:
        InvalidInputError: the data lacks what every one of them needs.
    """
    facts = Facts.of(test)
    skipped = {rung.name: reason for rung in ladder if (reason := rung.refuses(facts))}
    able = [rung for rung in ladder if rung.name not in skipped]
    able.sort(key=lambda rung: (rung.cost, rung.work(facts, rung.start(facts))))
    if not able:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
        raise InvalidInputError(f"No model fits this data ({reasons}).", field="model")
    if valid is None:
        choices = [_choice(rung, rung.start(facts)) for rung in able]
        return Chosen(choices[0], choices, (), skipped)
    bench = Bench(valid, Facts.of(valid), ks, tools, budget)
    done: list[Search[Trial]] = []
    kept = _WEIGHING * budget.seconds if len(able) > 1 else 0.0
    for rung in able:
        free = budget.left - kept - _reserve(bench, done, test)
        ends = budget.spent + (free * _LARGEST_SHARE if len(able) > 1 else free)
        search = Search(rung, bench, partial(_may_use, bench, tuple(done), test, ends, kept), progress).run()
        if search.best is None:
            skipped[rung.name] = "there was no time for it"
            continue
        if search.short_of_time:
            skipped[rung.name] = "there was no time to try every configuration"
        done.append(search)
    choices = [_choice(s.rung, s.best.config, s.best) for s in done if s.best is not None]
    if not choices:
        return Chosen(_choice(able[0], able[0].start(facts)), (), (), skipped)
    if len(able) > 1:
        progress("weighing a blend")
        ends = budget.seconds - _reserve(bench, done, test)
        choices += _blends(bench, done, partial(budget.until, ends), progress)
    trials = sorted((t for s in done for t in s.trials.values()), key=lambda trial: -trial.mean)
    ordered = sorted(choices, key=lambda choice: -(choice.mean or 0.0))
    return Chosen(pick(ordered, tools.seed), ordered, trials, skipped)


def _may_use(
    bench: Bench,
    done: Sequence[Search[Trial]],
    test: Problem,
    ends: float,
    kept: float,
    search: Search[Trial],
) -> float:
    """Seconds that a search may still use: until `ends`, and never what is kept or the final fits need."""
    budget = bench.budget
    return min(budget.until(ends), budget.left - kept - _reserve(bench, [*done, search], test))


def _reserve(bench: Bench, searches: Sequence[Search[Trial]], test: Problem) -> float:
    """Seconds for the final fit of every model that did well so far, and for ranking with it."""
    found = [(search.rung, search.best) for search in searches if search.best is not None]
    # What is far behind will be no part of what is picked.
    least = _PROMISING * max((trial.mean for _, trial in found), default=0.0)
    more = max(len(test.log) / max(len(bench.problem.log), 1), 1.0)
    wider = len(test.asked) / max(len(bench.problem.measured), 1)
    needed = 0.0
    for rung, trial in found:
        if trial.mean > least:
            # Its own trial may have found most of the work done.
            fit = bench.budget.whole_fit(rung.name, rung.work(bench.facts, trial.config))
            needed += more * fit + wider * trial.rank_seconds
    return _RESERVE * needed


def _choice(rung: Rung, config: BaseModel, trial: Trial | None = None) -> Choice:
    return Choice(rung.name, (_part(rung, config),), rung.cost, trial.quality if trial else None)


def _part(rung: Rung, config: BaseModel, weight: float = 1.0) -> ChosenPart:
    make = partial(rung.make, config)
    return ChosenPart(rung.name, config.model_dump(), make, weight, rung.reads_users)


def _regardless(maker: Callable[[], Model]) -> Callable[[Tools], Model]:
    """The maker of a model that shares nothing with others."""
    return lambda tools: maker()


@dataclass(frozen=True)
class _Scored:
    """A part that a blend may have, fitted to what validation leaves of train."""

    part: ChosenPart
    model: Model
    cost: float


def _blends(
    bench: Bench, done: Sequence[Search[Trial]], left: Callable[[], float], progress: Callable[[str], None]
) -> list[Choice]:
    """The best few of all models and ingredients, without second stages, and, where there is one, with it.

    So it is seen what a second stage adds. No blend where no sum is better than one alone.
    """
    problem, known = bench.problem, bench.problem.people > 0
    first, second = (
        [s for s in done if s.rung.second is kind and s.model is not None] for kind in (False, True)
    )
    if not first:
        return []
    scored = [_scored(search) for search in first]
    for name, maker in ingredients(bench.facts):
        fitted = maker().fit(problem.interactions, problem.log.as_of)
        scored.append(_Scored(ChosenPart(name, {}, _regardless(maker)), fitted, Cost.COUNTING))
    plain = len(scored)
    scored += [_scored(search) for search in second]
    wide = pool(problem, [scaled(part.model, known) for part in scored], len(first))
    heads = list(range(len(first)))
    weighed = [(BLEND, weigh(replace(wide, scores=wide.scores[:plain]), bench.ks, heads, left))]
    if second and left() > 0:
        weighed.append((RICH_BLEND, weigh(wide, bench.ks, [*heads, *range(plain, len(scored))], left)))
    return [
        _sum(name, bench, scored, found, progress)
        for name, found in weighed
        if len(found.parts) > 1 and (name == BLEND or any(part.number >= plain for part in found.parts))
    ]


def _scored(search: Search[Trial]) -> _Scored:
    assert search.best is not None
    assert search.model is not None
    return _Scored(_part(search.rung, search.best.config), search.model, search.rung.cost)


def _sum(
    name: str, bench: Bench, scored: Sequence[_Scored], found: Weighing, progress: Callable[[str], None]
) -> Choice:
    """A blend, measured on the full ranking."""
    chosen, weights = [scored[part.number] for part in found.parts], [part.weight for part in found.parts]
    score = blended([part.model for part in chosen], weights, bench.problem.people > 0)
    parts = tuple(replace(part.part, weight=w) for part, w in zip(chosen, weights, strict=True))
    progress(f"{name} of {', '.join(f'{part.weight:.2f} {part.name}' for part in parts)}")
    return Choice(name, parts, max(part.cost for part in chosen) + 0.5, bench.measured(score))

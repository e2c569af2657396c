"""Choose a model for a data set: up the ladder, cheapest first, within a budget of seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pydantic import BaseModel

from recolake.errors import InvalidInputError
from training.auto.blend import blended, scaled, weigh
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
# The final fit and its lists take somewhat longer than the same on validation data did.
_RESERVE = 1.4
_PROMISING = 0.5
# Of the time that is left, one model among several may use so much.
_LARGEST_SHARE = 0.4


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
    for rung in able:
        free = budget.left - _reserve(bench, done, test)
        ends = budget.spent + (free * _LARGEST_SHARE if len(able) > 1 else free)
        search = Search(rung, bench, partial(_may_use, bench, tuple(done), test, ends), progress).run()
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
        blend = _blend(bench, done, partial(budget.until, ends), progress)
        choices += [blend] if blend else []
    trials = sorted((t for s in done for t in s.trials.values()), key=lambda trial: -trial.mean)
    ordered = sorted(choices, key=lambda choice: -(choice.mean or 0.0))
    return Chosen(pick(ordered, tools.seed), ordered, trials, skipped)


def _may_use(
    bench: Bench, done: Sequence[Search[Trial]], test: Problem, ends: float, search: Search[Trial]
) -> float:
    """Seconds that a search may still use: until `ends`, and never what the final fits need, its own too."""
    budget = bench.budget
    return min(budget.until(ends), budget.left - _reserve(bench, [*done, search], test))


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


def _blend(
    bench: Bench, done: Sequence[Search[Trial]], left: Callable[[], float], progress: Callable[[str], None]
) -> Choice | None:
    """The best few of all models and ingredients; None where no sum is better than one alone."""
    problem, known = bench.problem, bench.problem.people > 0
    models: list[tuple[ChosenPart, Model, float]] = [
        (_part(s.rung, s.best.config), s.model, s.rung.cost)
        for s in done
        if s.best is not None and s.model is not None
    ]
    for name, maker in ingredients(bench.facts):
        fitted = maker().fit(problem.interactions, problem.log.as_of)
        models.append((ChosenPart(name, {}, _regardless(maker)), fitted, Cost.COUNTING))
    scores = [scaled(model, known) for _, model, _ in models]
    found = weigh(pool(problem, scores, len(models)), bench.ks, range(len(done)), left)
    if len(found.parts) < 2:
        return None
    chosen = [models[part.number] for part in found.parts]
    weights = [part.weight for part in found.parts]
    quality = bench.measured(blended([model for _, model, _ in chosen], weights, known))
    parts = [replace(part, weight=w) for (part, _, _), w in zip(chosen, weights, strict=True)]
    progress(f"blend of {', '.join(f'{w:.2f} {p.name}' for p, w in zip(parts, weights, strict=True))}")
    return Choice(BLEND, tuple(parts), max(cost for *_, cost in chosen) + 0.5, quality)

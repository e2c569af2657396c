"""Choose a configuration on a validation window, cut from the training period as the test window is cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from training.auto.budget import Budget
from training.auto.choice import pick
from training.auto.facts import Facts
from training.auto.ladder import LADDER
from training.auto.rung import Knob, Rung, Tools
from training.auto.search import Search
from training.benchmark.log import Clock
from training.benchmark.problem import Target as Asked
from training.config import MF, SEARCH_SPACE, SETTINGS, START, Algorithm, ModelConfig
from training.datasets.dataset import Dataset
from training.datasets.interactions import Interactions
from training.datasets.split import Split, temporal_split
from training.evaluation.protocol import METRIC, Target
from training.second_stage.teach import NETWORKS
from training.tuning.trial import ServedBench, Trial

# What is chosen is fitted three times more, on more data: to what precedes the test window, to that without
# the items and people that are held out, and to everything.
_FITS, _MORE = 3, 1.4
# Ranking for a window's people, and writing model and figures down: so many times as long as a trial's.
_MEASURING = 4.0
# Of the time that is left, one model among several may use so much; the last of them, all.
_LARGEST_SHARE = 0.4
# A second stage is learnt for its trial, for the test window, and to be served. It learns from so few lists
# that this takes no more than so many seconds, beside the fits of its first stage.
_TIMES_TAUGHT, _TEACHING = 3, 60.0
# What a graph filter does beyond its leading signals is not in its vectors.
_NOT_SERVED = ("tail", "bend")


def tune(
    dataset: Dataset,
    interactions: Interactions,
    seed: int,
    progress: Callable[[str], None],
    budget: Budget | None = None,
) -> list[Trial]:
    """Trials, the one to be taken first, then from best to worst.

    A few configurations are always tried. With a `budget` of which anything is left, the search goes on from
    the best of them, and to the other models that can be served, cheapest first; then the cheapest is taken
    of those that the best is not surely better than. What would be taken is tried once more with a second
    stage, where the budget has time for it. With nobody to measure: the first, with the default blend.
    """
    split = temporal_split(interactions)
    if split is None or not split.measurable:
        first = Algorithm(name=MF, settings=SEARCH_SPACE[0])
        return [Trial(ModelConfig(algorithm=first, ranking=START), 0.0, {}, 0.0)]
    ladder = _ladder()
    bench = _bench(dataset, split, seed, budget or Budget(0.0), progress)
    trials = []
    for number, config in enumerate(SEARCH_SPACE, start=1):
        trials.append(bench.run(ladder[MF], config)[0])
        progress(f"tuning {number}/{len(SEARCH_SPACE)}: {_brief(trials[-1])}")
    best = [max(trials, key=lambda trial: trial.mean)]
    if budget is not None:
        begin = replace(ladder[MF], start=lambda facts: best[0].config)
        kept = _for_second_stage(bench, ladder, best[0])
        # Where there is little time, the search for a first stage gains more by it.
        kept = kept if kept < bench.budget.left / 2 else 0.0
        others = (rung for name, rung in ladder.items() if name != MF)
        searched = _search([begin, *others], bench, kept, progress)
        best = [search.best for search in searched if search.best is not None] or best
        trials += [trial for search in searched for trial in search.trials.values()]
    chosen = pick(best, seed)
    trials.append(chosen)
    if budget is not None and bench.budget.left < _for_second_stage(bench, ladder, chosen):
        progress("no second stage is tried: there was no time for it")
    elif (staged := _second_stage(bench, chosen, progress)) is not None:
        chosen, both = staged
        trials.append(both)
    rest = {trial.model: trial for trial in trials if trial.model != chosen.model}
    return [chosen, *sorted(rest.values(), key=lambda trial: -trial.mean)]


def _for_second_stage(bench: ServedBench, ladder: Mapping[str, Rung], first: Trial) -> float:
    """Seconds that a second stage over this first one needs, whenever it is learnt."""
    name = first.model.algorithm.name
    fit = bench.budget.whole_fit(name, ladder[name].work(bench.facts, first.config))
    return _TIMES_TAUGHT * ((NETWORKS.windows + 1) * fit + _TEACHING)


def _second_stage(
    bench: ServedBench, chosen: Trial, progress: Callable[[str], None]
) -> tuple[Trial, Trial] | None:
    """See `ServedBench.second_stage`."""
    found = bench.second_stage(chosen)
    if found is None:
        progress("no second stage is tried: the past is too short to learn one from")
        return None
    stage = found[0].model.ranking.second_stage
    earned = [target.value for target in Target if stage is not None and getattr(stage, target.value)]
    progress(f"second stage: {_brief(found[1])}; taken for {' and '.join(earned) or 'neither'}")
    return found


def _ladder() -> dict[str, Rung]:
    able = sorted((rung for rung in LADDER if rung.name in SETTINGS), key=lambda rung: rung.cost)
    return {rung.name: replace(rung, knobs=partial(_served_knobs, rung)) for rung in able}


def _served_knobs(rung: Rung, facts: Facts) -> tuple[Knob, ...]:
    return tuple(knob for knob in rung.knobs(facts) if knob.field not in _NOT_SERVED)


def _bench(
    dataset: Dataset, split: Split, seed: int, budget: Budget, progress: Callable[[str], None]
) -> ServedBench:
    users, items = split.train.shape
    facts = Facts(users, items, split.train.met.nnz, Clock.TIMES, Asked.ALL)
    return ServedBench(dataset, split, facts, Tools(seed, progress), budget)


def _search(
    ladder: Sequence[Rung], bench: ServedBench, kept: float, progress: Callable[[str], None]
) -> list[Search[Trial]]:
    """One search after the other, each within its share of what is left; `kept` seconds stay."""
    done: list[Search[Trial]] = []
    for left, rung in zip(range(len(ladder), 0, -1), ladder, strict=True):
        if (reason := rung.refuses(bench.facts)) is not None:
            progress(f"{rung.name} is not tried: {reason}")
            continue
        share = 1.0 if left == 1 else _LARGEST_SHARE
        ends = bench.budget.spent + share * (bench.budget.left - kept - _reserve(bench, done))
        search = Search(rung, bench, partial(_may_use, bench, tuple(done), ends), progress).run()
        if search.best is None:
            progress(f"{rung.name} is not tried: there was no time for it")
            continue
        progress(f"{rung.name}: {len(search.trials)} configurations, the best {_brief(search.best)}")
        done.append(search)
    return done


def _may_use(bench: ServedBench, done: Sequence[Search[Trial]], ends: float, search: Search[Trial]) -> float:
    """Seconds until `ends`, and never what the final fits need, its own too."""
    budget = bench.budget
    return min(budget.until(ends), budget.left - _reserve(bench, [*done, search]))


def _reserve(bench: ServedBench, searches: Sequence[Search[Trial]]) -> float:
    """Seconds that the dearest of the models may still need, should it be taken."""
    needed = 0.0
    for search in searches:
        if search.best is not None:
            name, work = search.rung.name, search.rung.work(bench.facts, search.best.config)
            ranking = bench.budget.ranking.get(name, 0.0)
            fit = bench.budget.whole_fit(name, work)
            needed = max(needed, _MORE * (_FITS * fit + _MEASURING * ranking))
    return needed


def _brief(trial: Trial) -> str:
    return f"{METRIC.upper()} " + ", ".join(f"{target} {value:.4f}" for target, value in trial.ndcg.items())

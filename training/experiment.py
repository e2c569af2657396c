"""One look at the test window: the champion and every baseline, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from recolake.quality import CHAMPION, ONE_STAGE
from training.auto.budget import Budget
from training.candidate import Candidate
from training.config import ModelConfig
from training.datasets.dataset import Dataset
from training.datasets.split import Split, temporal_split
from training.evaluation.protocol import Scores, Target, by_model, by_ranking, evaluate
from training.models.base import Model
from training.models.item_knn.model import ItemKnn
from training.models.own_frequency.model import OwnFrequency
from training.models.popularity.model import Popularity
from training.models.recent_popularity.model import RecentPopularity
from training.second_stage.teach import fit_served
from training.tuning.run import tune
from training.tuning.trial import Trial

BASELINES: tuple[Callable[[], Model], ...] = (Popularity, RecentPopularity, OwnFrequency, ItemKnn)

Results = Mapping[str, Mapping[Target, Scores]]


@dataclass(frozen=True)
class Experiment:
    """What was chosen, and how it did beside the baselines.

    Attributes:
        split: None where the data is too short to cut anything off; then `results` is empty.
        results: scores by model name and target.
        validation: every configuration tried; empty where the configuration was given.
    """

    config: ModelConfig
    split: Split | None
    results: Results
    validation: Sequence[Trial] = ()


def measure_champion(dataset: Dataset, split: Split, config: ModelConfig, seed: int) -> dict[Target, Scores]:
    """Fit to what lies before the test window, rank as serving does, look at the window."""
    return _measured(fit_served(dataset, split.train, split.as_of, config, seed), split, config, seed)


def _measured(candidate: Candidate, split: Split, config: ModelConfig, seed: int) -> dict[Target, Scores]:
    model, people = candidate.rankable(config.ranking), candidate.people()
    return evaluate(partial(by_ranking, model, people), split, seed)


def run_experiment(
    dataset: Dataset,
    seed: int,
    progress: Callable[[str], None],
    config: ModelConfig | None = None,
    budget: Budget | None = None,
) -> Experiment:
    """Measure the baselines on the test window; choose a configuration unless one is given; measure it there.

    What is chosen depends on the baselines by the time alone that they leave of the budget.
    """
    split = temporal_split(dataset.interactions)
    progress(_window(split))
    baselines = _baselines(split, seed, progress)
    train = dataset.interactions if split is None else split.train
    validation = [] if config else tune(dataset, train, seed, progress, budget)
    chosen = config or validation[0].model
    if split is None or not split.measurable:
        return Experiment(chosen, split, {}, validation)
    candidate = fit_served(dataset, split.train, split.as_of, chosen, seed)
    results = {CHAMPION: _measured(candidate, split, chosen, seed)}
    progress("champion measured on the test window")
    if candidate.second_stage is not None:
        results[ONE_STAGE] = _measured(replace(candidate, second_stage=None), split, chosen, seed)
        progress("champion without its second stage measured on the test window")
    return Experiment(chosen, split, {**results, **baselines}, validation)


def _baselines(
    split: Split | None, seed: int, progress: Callable[[str], None]
) -> dict[str, dict[Target, Scores]]:
    results: dict[str, dict[Target, Scores]] = {}
    if split is None or not split.measurable:
        return results
    for make in BASELINES:
        model = make().fit(split.train, split.as_of)
        results[model.name] = evaluate(partial(by_model, model, split), split, seed)
        progress(f"{model.name} measured on the test window")
    return results


def _window(split: Split | None) -> str:
    """What there is to measure on, as a sentence."""
    if split is None:
        return "no test window: all interactions are of one day"
    first, last = (np.datetime64(day, "D") for day in (split.first_day, split.last_day))
    people = int((split.all_items.lengths > 0).sum())
    return f"test window {first} to {last}: {people:,} people known from before took known items"

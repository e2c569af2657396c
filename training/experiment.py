"""One look at the test window: the champion and every baseline, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from recolake.quality import CHAMPION
from training.candidate import fit
from training.config import SEARCH_SPACE, ModelConfig
from training.datasets.dataset import Dataset
from training.datasets.split import Split, temporal_split
from training.evaluation.protocol import Scores, Target, by_model, by_ranking, evaluate
from training.models.base import Model
from training.models.item_knn.model import ItemKnn
from training.models.matrix_factorization.config import Config
from training.models.own_frequency.model import OwnFrequency
from training.models.popularity.model import Popularity
from training.models.recent_popularity.model import RecentPopularity
from training.tuning import tune

BASELINES: tuple[Callable[[], Model], ...] = (Popularity, RecentPopularity, OwnFrequency, ItemKnn)

Results = Mapping[str, Mapping[Target, Scores]]


@dataclass(frozen=True)
class Experiment:
    """What was chosen, and how it did beside the baselines.

    Attributes:
        split: None where the data is too short to cut anything off; then `results` is empty.
        results: scores by model name and target.
        validation: NDCG of each configuration tried, by target; empty where the configuration was given.
    """

    config: ModelConfig
    split: Split | None
    results: Results
    validation: Sequence[tuple[ModelConfig, Mapping[Target, float]]] = ()


def choose(
    dataset: Dataset,
    split: Split | None,
    seed: int,
    progress: Callable[[str], None],
    space: Sequence[Config] = SEARCH_SPACE,
) -> list[tuple[ModelConfig, Mapping[Target, float]]]:
    """Configurations by their NDCG on a validation window within the training part, best first."""
    train = dataset.interactions if split is None else split.train
    return [(trial.config, trial.ndcg) for trial in tune(dataset, train, space, seed, progress)]


def measure_champion(dataset: Dataset, split: Split, config: ModelConfig, seed: int) -> dict[Target, Scores]:
    """Fit to what lies before the test window, rank as serving does, look at the window."""
    candidate = fit(dataset, split.train, split.as_of, config.factorization, seed)
    model, people = candidate.rankable(config.ranking), candidate.people()
    return evaluate(partial(by_ranking, model, people), split, seed)


def run_experiment(
    dataset: Dataset, seed: int, progress: Callable[[str], None], config: ModelConfig | None = None
) -> Experiment:
    """Choose a configuration unless one is given, then measure it and the baselines on the test window."""
    split = temporal_split(dataset.interactions)
    progress(_window(split))
    validation = [] if config else choose(dataset, split, seed, progress)
    chosen = config or validation[0][0]
    if split is None or not split.measurable:
        return Experiment(chosen, split, {}, validation)
    results: dict[str, dict[Target, Scores]] = {CHAMPION: measure_champion(dataset, split, chosen, seed)}
    progress("champion measured on the test window")
    for make in BASELINES:
        model = make().fit(split.train, split.as_of)
        results[model.name] = evaluate(partial(by_model, model, split), split, seed)
        progress(f"{model.name} measured on the test window")
    return Experiment(chosen, split, results, validation)


def _window(split: Split | None) -> str:
    """What there is to measure on, as a sentence."""
    if split is None:
        return "no test window: all interactions are of one day"
    first, last = (np.datetime64(day, "D") for day in (split.first_day, split.last_day))
    people = int((split.all_items.lengths > 0).sum())
    return f"test window {first} to {last}: {people:,} people known from before took known items"

"""All that is served of a configuration, items and people without history among it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from training.candidate import Candidate, fit
from training.cold import content
from training.cold.hidden import LEAST_SHARE, MOST_SHARE, Hidden
from training.cold.items import Estimates, ItemPlan, measure_items
from training.cold.newcomers import newcomers, unmet_items
from training.cold.people import measure_people
from training.datasets.dataset import Dataset
from training.datasets.features import Features
from training.evaluation.bootstrap import Estimate
from training.experiment import Experiment
from training.second_stage.teach import fit_served


@dataclass(frozen=True)
class ColdPlan:
    """What was chosen for those without history, and what was measured of the hidden ones.

    Attributes:
        with_people: whether people get vectors by what they are.
        hidden: how many items and people the fit was not shown.
    """

    items: ItemPlan = field(default_factory=ItemPlan)
    with_people: bool = False
    hidden: tuple[int, int] = (0, 0)
    estimates: Estimates = field(default_factory=dict)


def served_candidate(
    dataset: Dataset, experiment: Experiment, seed: int, say: Callable[[str], None]
) -> tuple[Candidate, ColdPlan]:
    """The chosen configuration fitted to everything, with vectors for those without history.

    Where the lake says nothing of items or people beside their ids, it is the configuration alone.
    """
    items, people = content.of_items(dataset), content.of_people(dataset)
    plan = _plan(dataset, experiment, items, people, seed)
    if plan.estimates:
        say(f"{plan.hidden[0]:,} items and {plan.hidden[1]:,} people hidden from a fit, and measured")
    known = dataset.interactions
    candidate = fit_served(dataset, known, known.last_day, experiment.config, seed)
    added = newcomers(dataset, candidate, items, people, plan.items, with_people=plan.with_people)
    if len(added.items) or len(added.people):
        say(f"vectors of {len(added.items):,} items and {len(added.people):,} people without history")
    return replace(candidate, newcomers=added), plan


def _plan(
    dataset: Dataset, experiment: Experiment, items: Features | None, people: Features | None, seed: int
) -> ColdPlan:
    split, config = experiment.split, experiment.config
    if split is None or (items is None and people is None):
        return ColdPlan()
    share = _share(dataset, split.train.shape[1], items)
    hidden = Hidden.of(split.train, items, people, share, seed)
    if hidden is None or not len(hidden.items) + len(hidden.people):
        return ColdPlan()
    candidate = fit(dataset, hidden.rest, split.as_of, config.algorithm, seed)
    # A second stage never moves items that nobody met, and knows nothing of people without history.
    ranking = config.ranking.model_copy(update={"second_stage": None})
    chosen, with_people = ItemPlan(), False
    estimates: dict[str, Estimate] = {}
    if items is not None and len(hidden.items):
        chosen, of_items = measure_items(candidate, hidden, split, items, ranking, seed)
        estimates |= of_items
    if people is not None and len(hidden.people):
        with_people, of_people = measure_people(candidate, hidden, split, people, ranking, seed)
        estimates |= of_people
    return ColdPlan(chosen, with_people, (len(hidden.items), len(hidden.people)), estimates)


def _share(dataset: Dataset, met: int, items: Features | None) -> float:
    """As many items are hidden as the catalogue has that nobody met, a tenth at least and half at most: lists
    are then as crowded as those that are served."""
    unmet = len(unmet_items(dataset, dataset.interactions.item_ids, items))
    return float(np.clip(unmet / (unmet + met), LEAST_SHARE, MOST_SHARE))

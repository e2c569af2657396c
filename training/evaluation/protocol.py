"""How a model is measured: full ranking over all items of training, for people with something held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.model import Rankable
from recolake.ranking.ragged import Ragged
from recolake.ranking.ranker import rank
from recolake.ranking.users import UserBatch
from training.datasets.split import Split
from training.evaluation.bootstrap import Coverage, Estimate, Mean, PartMean, Statistic, estimates
from training.evaluation.metrics import Values, hits, ndcg, recall
from training.evaluation.slices import Mask, Slice, Slices
from training.models.base import Model

NDCG_AT, RECALL_AT = 10, 20
METRIC = f"ndcg@{NDCG_AT}"
"""What models are chosen and judged by."""
DEPTH = max(NDCG_AT, RECALL_AT)
_BLOCK = 512


class Target(StrEnum):
    """What counts as foreseen."""

    NEW_ITEMS = "new_items"  # items that the user had not taken before; those taken before are not shown
    ALL_ITEMS = "all_items"  # taking something again counts too

    @property
    def include_seen(self) -> bool:
        return self is Target.ALL_ITEMS

    def truth(self, split: Split) -> Ragged:
        return split.all_items if self is Target.ALL_ITEMS else split.new_items


@dataclass(frozen=True)
class Sliced:
    """NDCG of the same lists on one slice: the estimate, and the value of each user who has any of it."""

    estimate: Estimate
    ndcg: Values


@dataclass(frozen=True)
class Scores:
    """How one model did on one target: estimates by metric, and NDCG per user for paired comparisons.

    Attributes:
        slices: by slice; one that nobody can be measured on is left out.
    """

    metrics: Mapping[str, Estimate]
    ndcg: Values
    slices: Mapping[Slice, Sliced] = field(default_factory=dict)


# Takes user rows of the training data, gives the best item rows [n, DEPTH], -1 where there are no more.
Recommend = Callable[[IntArray], IntArray]


def measure(
    recommend: Recommend, truth: Ragged, items: int, seed: int, slices: Slices | None = None
) -> Scores | None:
    """Metrics over all users with something held out, and on the slices; None where nobody has."""
    users = np.flatnonzero(truth.lengths)
    if not len(users):
        return None
    ranked = recommend(users)
    hit, relevant = hits(ranked, truth.take(users), items), truth.lengths[users]
    gained = ndcg(hit, relevant, NDCG_AT)
    statistics: dict[str, Statistic] = {
        METRIC: Mean(gained),
        f"recall@{RECALL_AT}": Mean(recall(hit, relevant, RECALL_AT)),
        f"coverage@{NDCG_AT}": Coverage(ranked[:, :NDCG_AT], items),
    }
    parts = {} if slices is None else _sliced(ranked, truth.take(users), users, items, slices)
    statistics |= {part.value: PartMean(values, members) for part, (values, members) in parts.items()}
    found = estimates(statistics, len(users), seed)
    sliced = {
        part: Sliced(found.pop(part.value), values[members]) for part, (values, members) in parts.items()
    }
    return Scores(found, gained, sliced)


def _sliced(
    ranked: IntArray, truth: Ragged, users: IntArray, items: int, slices: Slices
) -> dict[Slice, tuple[Values, Mask]]:
    """NDCG [n] of the lists [n, k] of these users as each slice sees it, and who of them [n] has any of it.

    `truth` is that of these users.
    """
    found = {}
    for part in Slice:
        wanted = slices.within(part, truth, users)
        members = wanted.lengths > 0
        if members.any():
            there = np.flatnonzero(members)
            wanted = wanted.take(there)
            values = np.zeros(len(users))
            values[there] = ndcg(hits(ranked[there], wanted, items), wanted.lengths, NDCG_AT)
            found[part] = values, members
    return found


def by_model(model: Model, split: Split, target: Target) -> Recommend:
    """All items in the order of a model's scores; equal scores keep the order of item ids."""

    def recommend(users: IntArray) -> IntArray:
        blocks = []
        for start in range(0, len(users), _BLOCK):
            block = users[start : start + _BLOCK]
            scores = model.scores(block)
            if not target.include_seen:
                scores[split.train.taken[block].nonzero()] = -np.inf
            best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
            allowed = np.isfinite(np.take_along_axis(scores, best, axis=1))
            blocks.append(np.where(allowed, best, -1))
        return np.concatenate(blocks)

    return recommend


def by_ranking(model: Rankable, people: UserBatch, target: Target) -> Recommend:
    """What serving would answer: the same function decides."""

    def recommend(users: IntArray) -> IntArray:
        return rank(model, people.take(users), DEPTH, include_seen=target.include_seen).rows

    return recommend


def evaluate(recommend_for: Callable[[Target], Recommend], split: Split, seed: int) -> dict[Target, Scores]:
    """Both targets; one that nobody can be measured on is left out."""
    items, slices = split.train.shape[1], Slices.of(split)
    found = {
        target: measure(recommend_for(target), target.truth(split), items, seed, slices) for target in Target
    }
    return {target: scores for target, scores in found.items() if scores is not None}

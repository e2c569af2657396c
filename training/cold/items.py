"""Held-out items: how well content places them, and how loudly they may speak beside known ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recolake.ranking.items import IntArray
from recolake.ranking.manifest import RankingConfig
from recolake.ranking.model import VectorModel
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged
from recolake.ranking.ranker import rank
from recolake.ranking.users import UserBatch
from training.candidate import Candidate
from training.cold.hidden import Hidden, among
from training.cold.mapping import learn
from training.datasets.features import Features
from training.datasets.split import Split
from training.evaluation.bootstrap import Estimate, mean
from training.evaluation.metrics import Values, hits, ndcg
from training.evaluation.protocol import METRIC, NDCG_AT

PENALTIES = (1.0, 3.0, 10.0, 30.0)
EMPHASES = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
_OF_POPULARITY = 10.0
_MOST_PEOPLE = 500


@dataclass(frozen=True)
class ItemPlan:
    """How items without history get vectors.

    Attributes:
        penalty: of the map from content.
        emphasis: how many times as long their vectors are made as the map gives them. A prediction is shorter
            than what it predicts, so that at 1 they hardly ever come before known items.
    """

    penalty: float = 3.0
    emphasis: float = 1.0


Estimates = Mapping[str, Estimate]


def measure_items(
    candidate: Candidate, hidden: Hidden, split: Split, known: Features, ranking: RankingConfig, seed: int
) -> tuple[ItemPlan, Estimates]:
    """Half of the people choose, the other half measures; empty where there is nobody to do either.

    That is for lists of the hidden items alone, and people who took any of them before the test window. Lists
    of all items are made for those who took anything new within it. `candidate` was fitted to the rest.
    """
    warm, vectors = len(hidden.rest.item_ids), candidate.model.item_vectors
    features, unmet = known.of(hidden.rest.item_ids), known.of(hidden.items)
    truth = among(hidden.taken(), warm, warm + len(hidden.items))
    choosing, measuring = _halves(truth, len(hidden.rest.user_ids), seed)
    if not len(choosing):
        return ItemPlan(), {}

    def reached(users: IntArray, scores: FloatArray) -> Values:
        return _ndcg(np.argsort(-scores, axis=1, kind="stable"), truth, users, len(hidden.items))

    def by_content(users: IntArray, penalty: float) -> Values:
        placed = learn(features, vectors, penalty).vectors(unmet)
        return reached(users, candidate.model.user_vectors[users] @ placed.T)

    penalty = max(PENALTIES, key=lambda each: float(by_content(choosing, each).mean()))
    mine = by_content(measuring, penalty)
    popular = reached(measuring, np.tile(_expected(hidden, features, unmet), (len(measuring), 1)))
    alike = reached(measuring, _likeness(hidden, features, unmet)[measuring])
    found = {
        f"items.from_content.{METRIC}": mean(mine, seed),
        f"items.popularity_of_like_items.{METRIC}": mean(popular, seed),
        f"items.likeness_to_own_items.{METRIC}": mean(alike, seed),
        f"items.gain_over_popularity.{METRIC}": mean(mine - popular, seed),
    }
    unmet_vectors = learn(features, vectors, penalty).vectors(unmet)
    emphasis, in_lists = _emphasis(candidate, hidden, split, unmet_vectors, ranking, seed)
    return ItemPlan(penalty, emphasis), {**found, **in_lists}


def _emphasis(
    candidate: Candidate,
    hidden: Hidden,
    split: Split,
    unmet: FloatArray,
    ranking: RankingConfig,
    seed: int,
) -> tuple[float, Estimates]:
    """The greatest with which lists are on average no worse than without newcomers, for either half of the
    people, and what it changes for all of them."""
    wanted = hidden.mapped(split.new_items.owners, split.new_items.rows)
    halves = _halves(wanted, len(hidden.rest.user_ids), seed)
    users, half = np.concatenate(halves), len(halves[0])
    if not half:
        return 1.0, {}
    warm, vectors, taken = len(hidden.rest.item_ids), candidate.model.item_vectors, hidden.taken()
    nothing = np.full(len(unmet), -np.inf)

    def lists(emphasis: float | None) -> IntArray:
        if emphasis is None:
            model = VectorModel.of(vectors, candidate.trend_scores, ranking)
            seen = among(taken, 0, warm).take(users)
        else:
            longer = (np.float32(emphasis) * unmet).astype(np.float32)
            trend = np.concatenate([candidate.trend_scores, nothing])
            model = VectorModel.of(np.concatenate([vectors, longer]), trend, ranking)
            seen = taken.take(users)
        people = UserBatch(
            candidate.model.user_vectors[users],
            np.ones(len(users), dtype=np.bool_),
            seen,
            np.ones(len(seen.rows), dtype=np.float32),
        )
        return rank(model, people, NDCG_AT, include_seen=False).rows

    def reached(rows: IntArray) -> tuple[float, float]:
        found = _ndcg(rows, wanted, users, warm + len(unmet))
        return float(found[:half].mean()), float(found[half:].mean())

    without = lists(None)
    bar, emphasis, rows = reached(without), EMPHASES[0], lists(EMPHASES[0])
    for each in EMPHASES[1:]:
        tried = lists(each)
        if all(mine >= least for mine, least in zip(reached(tried), bar, strict=True)):
            emphasis, rows = each, tried
    before, after = (_ndcg(found, wanted, users, warm + len(unmet)) for found in (without, rows))
    return emphasis, {
        f"lists.without.{METRIC}": mean(before, seed),
        f"lists.with.{METRIC}": mean(after, seed),
        f"lists.gain.{METRIC}": mean(after - before, seed),
        "lists.share_of_newcomers": mean((rows >= warm).mean(axis=1), seed),
    }


def _ndcg(ranked: IntArray, truth: Ragged, users: IntArray, items: int) -> Values:
    own = truth.take(users)
    return ndcg(hits(ranked[:, :NDCG_AT], own, items), own.lengths, NDCG_AT)


def _halves(truth: Ragged, known: int, seed: int) -> tuple[IntArray, IntArray]:
    """Rows of people with anything to foresee, the first `known` alone, at most 500 a half."""
    able = np.flatnonzero(truth.lengths[:known])
    able = np.random.default_rng(seed).permutation(able)[: 2 * _MOST_PEOPLE]
    half = len(able) // 2
    return np.sort(able[:half]), np.sort(able[half : 2 * half])


def _expected(hidden: Hidden, features: sp.csr_matrix, unmet: sp.csr_matrix) -> FloatArray:
    """[h] how many people items of such content have: what popularity can say of an item that has none."""
    takers = np.asarray(hidden.rest.taken.sum(axis=0)).ravel()
    return learn(features, np.log1p(takers)[:, None], _OF_POPULARITY).vectors(unmet)[:, 0]


def _likeness(hidden: Hidden, features: sp.csr_matrix, unmet: sp.csr_matrix) -> FloatArray:
    """[U, h] cosine between a hidden item and the mean of what a person met."""
    profile, other = _unit(hidden.rest.met @ features), _unit(unmet)
    found: FloatArray = (profile @ other.T).toarray().astype(np.float32)
    return found


def _unit(matrix: sp.csr_matrix) -> sp.csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), dtype=np.float64).ravel())
    return (sp.diags(1 / np.where(length > 0, length, 1.0)) @ matrix).tocsr()

"""Held-out people: whether lists by what they are beat what is popular."""

from __future__ import annotations

import numpy as np

from recolake.ranking.manifest import RankingConfig
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ranker import rank
from recolake.ranking.users import UserBatch
from training.candidate import Candidate
from training.cold.hidden import Hidden, among, ragged
from training.cold.items import Estimates
from training.cold.mapping import learn
from training.datasets.features import Features
from training.datasets.split import Split
from training.evaluation.bootstrap import mean
from training.evaluation.metrics import Values, hits, ndcg
from training.evaluation.protocol import METRIC, NDCG_AT

PENALTY = 10.0
_FEWEST = 30


def measure_people(
    candidate: Candidate, hidden: Hidden, split: Split, known: Features, ranking: RankingConfig, seed: int
) -> tuple[bool, Estimates]:
    """Whether attributes make surely better lists than popularity for people of whom nothing else is known.

    They are asked for what hidden people took of known items in as many days before the test window as it
    has: what is popular now may say little of what somebody took long ago. False and nothing where fewer than
    30 can be asked.
    """
    first, items = len(hidden.rest.user_ids), len(hidden.rest.item_ids)
    wanted = among(hidden.taken(since=2 * split.first_day - split.last_day - 1), 0, items)
    wanted = wanted.take(first + np.arange(len(hidden.people)))
    able = np.flatnonzero(wanted.lengths)
    if len(able) < _FEWEST:
        return False, {}
    taught = learn(known.of(hidden.rest.user_ids), candidate.model.user_vectors, PENALTY)
    vectors = taught.vectors(known.of(hidden.people))[able]
    model, truth = candidate.rankable(ranking), wanted.take(able)

    def reached(has_vector: bool) -> Values:
        people = newcomers(vectors if has_vector else np.zeros_like(vectors), has_vector=has_vector)
        rows = rank(model, people, NDCG_AT, include_seen=False).rows
        return ndcg(hits(rows, truth, items), truth.lengths, NDCG_AT)

    mine, popular = reached(True), reached(False)
    gained = mean(mine - popular, seed)
    return gained.low > 0, {
        f"people.from_attributes.{METRIC}": mean(mine, seed),
        f"people.popularity.{METRIC}": mean(popular, seed),
        f"people.gain_over_popularity.{METRIC}": gained,
    }


def newcomers(vectors: FloatArray, *, has_vector: bool) -> UserBatch:
    """People [U, d] who did nothing yet."""
    nobody = np.zeros(0, dtype=np.int64)
    return UserBatch(
        vectors,
        np.full(len(vectors), has_vector, dtype=np.bool_),
        ragged(nobody, nobody, len(vectors)),
        np.zeros(0, dtype=np.float32),
    )

"""What the ranker is told of people: as `gold.user_features` has it after a given day."""

from __future__ import annotations

import numpy as np

from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged
from recolake.ranking.users import HISTORY_HALF_LIFE_DAYS, HISTORY_LENGTH, UserBatch
from training.datasets.interactions import Interactions


def histories(interactions: Interactions, as_of: int) -> tuple[Ragged, FloatArray]:
    """Item rows of every user, at most the newest 500, and their decayed frequency."""
    strength = interactions.strength(as_of, HISTORY_HALF_LIFE_DAYS)
    latest = interactions.strength(as_of)
    latest.data[:] = 0
    np.maximum.at(latest.data, _entry(interactions), interactions.day.astype(np.float64))
    lengths = np.diff(strength.indptr)
    rank = np.arange(strength.nnz) - np.repeat(strength.indptr[:-1], lengths)
    if lengths.max(initial=0) > HISTORY_LENGTH:
        owner = np.repeat(np.arange(len(lengths)), lengths)
        newest = np.lexsort((strength.indices, -latest.data, owner))
        rank[newest] = np.arange(strength.nnz) - np.repeat(strength.indptr[:-1], lengths)
    kept = rank < HISTORY_LENGTH
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(np.minimum(lengths, HISTORY_LENGTH), out=offsets[1:])
    rows = Ragged(offsets, strength.indices[kept].astype(np.int64))
    return rows, strength.data[kept].astype(np.float32)


def user_batch(interactions: Interactions, as_of: int, vectors: FloatArray) -> UserBatch:
    """All users, with their vectors [U, d]."""
    rows, weights = histories(interactions, as_of)
    return UserBatch(vectors, np.ones(len(vectors), dtype=np.bool_), rows, weights)


def _entry(interactions: Interactions) -> np.ndarray:
    """Position of each entry's (user, item) among the distinct pairs; entries are sorted by both."""
    new = np.ones(len(interactions), dtype=np.bool_)
    new[1:] = (interactions.user[1:] != interactions.user[:-1]) | (
        interactions.item[1:] != interactions.item[:-1]
    )
    return np.cumsum(new) - 1

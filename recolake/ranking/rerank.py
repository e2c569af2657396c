"""The order of candidates: a weighted sum of three terms, each comparable between users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.manifest import BlendWeights
from recolake.ranking.popularity import FloatArray, Popularity
from recolake.ranking.retrieval import NO_ITEM
from recolake.ranking.users import UserBatch


@dataclass(frozen=True)
class Terms:
    """What there is to weigh, per user and candidate [U, C].

    Attributes:
        rows: item rows, ascending, -1 where there is no candidate.
        allowed: False for padding and for whatever must not be shown.
        product: inner product of the two vectors; 0 without a vector.
        vector: the product over the size of the user's best candidate's.
        popularity: `Popularity.term`.
        place: `Popularity.place`.
        own: own decayed frequency over the user's largest one; 0 for items never bought.
    """

    rows: IntArray
    allowed: npt.NDArray[np.bool_]
    product: FloatArray
    vector: FloatArray
    popularity: FloatArray
    place: IntArray
    own: FloatArray


def terms(
    vectors: FloatArray,
    popularity: Popularity,
    users: UserBatch,
    rows: IntArray,
    *,
    include_seen: bool,
) -> Terms:
    """Measure every candidate. `vectors` [I, d] are the item vectors of the index."""
    product = np.einsum("ucd,ud->uc", vectors.take(rows, axis=0), users.vectors)
    # The best candidate is among the nearest in any batch: together users get what each gets alone.
    best = np.where(rows == NO_ITEM, -np.inf, product).max(axis=1, keepdims=True, initial=-np.inf)
    scale = np.where(np.isfinite(best), np.maximum(np.abs(best), 1e-9), 1).astype(np.float32)
    product = np.where(rows == NO_ITEM, np.float32(0), product)
    own = np.zeros(rows.shape, dtype=np.float32)
    place = users.history.find(rows, len(vectors))
    had = np.nonzero(place >= 0)
    own[had] = users.frequencies[place[had]]
    return Terms(
        rows=rows,
        allowed=(rows != NO_ITEM) if include_seen else (rows != NO_ITEM) & (place < 0),
        product=product,
        vector=(product / scale).astype(np.float32),
        popularity=popularity.term.take(rows),
        place=popularity.place.take(rows),
        own=own,
    )


def blend(found: Terms, weights: BlendWeights) -> FloatArray:
    """Scores [U, C]; -inf for what is not allowed."""
    score = (
        np.float32(weights.vector) * found.vector
        + np.float32(weights.popularity) * found.popularity
        + np.float32(weights.own) * found.own
    )
    return np.where(found.allowed, score, np.float32(-np.inf))

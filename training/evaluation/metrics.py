"""Metrics of one ranked list per user. Relevance is binary."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.ragged import Ragged

Values = npt.NDArray[np.float64]


def hits(ranked: IntArray, truth: Ragged, items: int) -> npt.NDArray[np.bool_]:
    """[U, k]: whether each ranked row is among the user's held-out ones; a missing item (-1) is none."""
    return (truth.find(ranked, items) >= 0) & (ranked >= 0)


def ndcg(hit: npt.NDArray[np.bool_], relevant: IntArray, k: int) -> Values:
    """[U] DCG at k over the best possible one for min(k, held-out items) items."""
    discount = 1 / np.log2(np.arange(2, k + 2))
    gained = (hit[:, :k] * discount[: hit.shape[1]]).sum(axis=1)
    best = np.cumsum(discount)[np.minimum(relevant, k) - 1]
    return np.asarray(gained / best, dtype=np.float64)


def recall(hit: npt.NDArray[np.bool_], relevant: IntArray, k: int) -> Values:
    """[U] share of the held-out items among the first k."""
    return np.asarray(hit[:, :k].sum(axis=1) / relevant, dtype=np.float64)

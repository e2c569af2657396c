"""An index with a few more vectors beside it, that came after it was built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recolake.ranking.popularity import FloatArray


@dataclass(frozen=True)
class Extended:
    """A FAISS index, and vectors [e, d] whose rows follow its own; `search` compares them one by one."""

    index: Any
    vectors: FloatArray

    @property
    def ntotal(self) -> int:
        return int(self.index.ntotal) + len(self.vectors)

    @property
    def d(self) -> int:
        return int(self.index.d)


def merged(
    scores: FloatArray, rows: np.ndarray[Any, Any], products: FloatArray, first: int, count: int
) -> tuple[FloatArray, np.ndarray[Any, np.dtype[np.int64]]]:
    """The best [n, count] of what an index found, and of products [n, e] with rows from `first` on; -inf is
    nothing."""
    added = np.broadcast_to(np.arange(first, first + products.shape[1]), products.shape)
    found = np.where(rows < 0, np.float32(-np.inf), scores)
    every_score = np.concatenate([found, products], axis=1)
    every_row = np.concatenate([rows, np.where(np.isneginf(products), -1, added)], axis=1)
    best = np.argsort(-every_score, axis=1, kind="stable")[:, :count]
    return (
        np.take_along_axis(every_score, best, axis=1),
        np.take_along_axis(every_row, best, axis=1).astype(np.int64),
    )

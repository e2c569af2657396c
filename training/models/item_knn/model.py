"""Item-to-item: cosine similarity of the people who met two items (Sarwar et al., WWW 2001)."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions

_BLOCK = 512


class ItemKnn:
    """An item's score is the sum of its similarities to what the user took or showed interest in.

    Each item keeps its `neighbours` most similar items; `shrinkage` holds down what few people say.

    Attributes after `fit`: `similarity` [I, I] sparse; a row holds the similarities of its item's neighbours.
    """

    name: ClassVar[str] = "item_knn"

    similarity: sp.csr_matrix

    def __init__(self, neighbours: int = 100, shrinkage: float = 10.0) -> None:
        self.neighbours = neighbours
        self.shrinkage = shrinkage

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        self._met = interactions.met.astype(np.float32)
        by_item = self._met.T.tocsr()
        length = np.sqrt(np.asarray(self._met.sum(axis=0), dtype=np.float32).ravel())
        blocks = []
        for start in range(0, by_item.shape[0], _BLOCK):
            common = (by_item[start : start + _BLOCK] @ self._met).toarray()
            rows = np.arange(len(common))
            cosine = common / (length[start : start + _BLOCK, None] * length + self.shrinkage)
            cosine[rows, start + rows] = 0
            blocks.append(_largest(cosine, self.neighbours))
        self.similarity = sp.vstack(blocks).tocsr()
        return self

    def scores(self, users: IntArray) -> FloatArray:
        scores: FloatArray = (self._met[users] @ self.similarity.T).toarray().astype(np.float32)
        return scores


def _largest(matrix: FloatArray, count: int) -> sp.csr_matrix:
    """Keep the largest entries of each row."""
    if matrix.shape[1] > count:
        drop = np.argpartition(-matrix, count, axis=1)[:, count:]
        np.put_along_axis(matrix, drop, 0, axis=1)
    return sp.csr_matrix(matrix)

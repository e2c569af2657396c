"""EASE: each item foreseen from all others, by weights that have a closed form."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
import torch

from recolake.errors import InvalidInputError
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.ease.config import Config
from training.models.memo import Memo

# Three matrices [I, I] of float64 at a time: 3.8 GiB.
MOST_ITEMS = 13_000


class Ease:
    """Attributes after `fit`: `weights` [I, I] float32; column j foresees item j, and its own entry is 0."""

    name: ClassVar[str] = "ease"

    weights: FloatArray

    def __init__(self, config: Config | None = None, memo: Memo[FloatArray] | None = None) -> None:
        self.config = config or Config()
        self._memo: Memo[FloatArray] = memo or Memo()

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        """Raises InvalidInputError where there are more items than `MOST_ITEMS`."""
        items = interactions.shape[1]
        if items > MOST_ITEMS:
            raise InvalidInputError(f"EASE inverts a matrix of all items; {items} are too many.")
        self._history = interactions.strength(as_of, self.config.half_life_days).astype(np.float32)
        self._history.data = np.minimum(self._history.data, 1.0)
        decides = self.config.model_copy(update={"half_life_days": None})
        self.weights = self._memo.of(interactions, decides, lambda: _weights(interactions, self.config))
        return self

    def scores(self, users: IntArray) -> FloatArray:
        scores: FloatArray = self._history[users] @ self.weights
        return scores


def _weights(interactions: Interactions, config: Config) -> FloatArray:
    seen = interactions.strength(0)
    seen.data[:] = 1.0
    gram = torch.from_numpy(_gram(seen, config.user_exponent))
    diagonal = gram.diagonal()
    diagonal *= 1.0 / (1.0 - config.dropout)
    diagonal += config.regularization
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(gram))
    weights: FloatArray = (
        inverse.div_(-inverse.diagonal().clone()).fill_diagonal_(0.0).to(torch.float32).numpy()
    )
    return weights


def _gram(seen: sp.csr_matrix, user_exponent: float) -> np.ndarray:
    """[I, I] how many users took both items; long histories count less, the average one as much as ever."""
    if user_exponent:
        lengths = np.maximum(np.diff(seen.indptr), 1)
        worth = (lengths / lengths.mean()) ** -user_exponent
        seen = sp.diags(np.sqrt(worth)) @ seen
    dense: np.ndarray = (seen.T @ seen).toarray()
    return dense

"""Matrix factorisation: vectors of users and items, whose inner product says how well they fit."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp

from recolake.ranking.evidence import Evidence
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.device import device_of
from training.models.matrix_factorization.config import Config
from training.models.matrix_factorization.solver import factorize


class MatrixFactorization:
    """Attributes after `fit`: `user_vectors` [U, d] and `item_vectors` [I, d], float32."""

    name: ClassVar[str] = "matrix_factorization"

    user_vectors: FloatArray
    item_vectors: FloatArray

    def __init__(self, config: Config | None = None, seed: int = 0, device: str | None = None) -> None:
        self.config = config or Config()
        self.seed = seed
        self.device = device_of(device)

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        strength = self._strength(interactions, as_of)
        users, items = factorize(
            strength,
            factors=self.config.factors,
            alpha=self.config.alpha,
            regularization=self.config.regularization,
            iterations=self.config.iterations,
            seed=self.seed,
            device=self.device,
        )
        self.user_vectors, self.item_vectors = users.cpu().numpy(), items.cpu().numpy()
        return self

    def evidence(self, interactions: Interactions, as_of: int) -> Evidence:
        """What `fit` made each user vector from, given the same interactions."""
        strength = self._strength(interactions, as_of)
        confidence = self.config.alpha * strength.data.astype(np.float32)
        return Evidence.of(
            interactions.user_ids.tolist(),
            strength.indptr,
            strength.indices,
            confidence,
            self.config.regularization,
        )

    def _strength(self, interactions: Interactions, as_of: int) -> sp.csr_matrix:
        strength = interactions.strength(as_of, self.config.half_life_days)
        if self.config.logarithmic:
            strength.data = np.log1p(strength.data)
        return strength

    def scores(self, users: IntArray) -> FloatArray:
        scores: FloatArray = self.user_vectors[users] @ self.item_vectors.T
        return scores

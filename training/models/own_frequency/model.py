"""Own frequency: what a user took most often comes first; then what everybody takes."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions


class OwnFrequency:
    """A user's summed weight of an item they took; ties and items never taken go by popularity."""

    name: ClassVar[str] = "own_frequency"

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        self._strength = interactions.strength(as_of).multiply(interactions.taken).tocsr()
        people = np.asarray(interactions.taken.sum(axis=0), dtype=np.float64).ravel()
        # Below any difference between two frequencies that matters, above float32's resolution.
        self._tiebreak = 1e-3 * people / people.max(initial=1.0)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        scores: FloatArray = (self._strength[users].toarray() + self._tiebreak).astype(np.float32)
        return scores

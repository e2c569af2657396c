"""What a user takes again and again: not a list of its own, but something that is added to other models."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions


class Habit:
    """What a user's own events with an item count, over the average of that; 0 where there are none."""

    name: ClassVar[str] = "habit"

    def __init__(self, half_life_days: float | None) -> None:
        self.half_life_days = half_life_days

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        self._strength = interactions.strength(as_of, self.half_life_days)
        if self._strength.nnz:
            self._strength.data /= self._strength.data.mean()
        return self

    def scores(self, users: IntArray) -> FloatArray:
        scores: FloatArray = self._strength[users].toarray().astype(np.float32)
        return scores

"""What is popular now: not a list of its own, but something that is added to other models."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions

# Halvings over which popularity still tells two items apart.
_SPAN = 12.0


class Trend:
    """Logarithm of what an item's events count, halved for every so many days."""

    name: ClassVar[str] = "trend"

    def __init__(self, half_life_days: float | None) -> None:
        self.half_life_days = half_life_days

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        strength = interactions.strength(as_of, self.half_life_days)
        weight = np.asarray(strength.sum(axis=0), dtype=np.float64).ravel()
        floor = max(weight.max(initial=0.0), 1e-9) * np.exp2(-_SPAN)
        self._level = np.log2(weight + floor).astype(np.float32)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        return np.tile(self._level, (len(users), 1))

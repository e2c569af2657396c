"""Recent popularity: an item's weight in the last 30 days."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions


class RecentPopularity:
    """The same order for everybody, from the last `days` days up to `as_of`."""

    name: ClassVar[str] = "recent_popularity"

    def __init__(self, days: int = 30) -> None:
        self.days = days

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        weight = np.where(interactions.day > as_of - self.days, interactions.weight, 0)
        total = np.bincount(interactions.item, weights=weight, minlength=interactions.shape[1])
        self._weight = total.astype(np.float32)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        return np.tile(self._weight, (len(users), 1))

"""Popularity: how many people ever took an item."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions


class Popularity:
    """The same order for everybody."""

    name: ClassVar[str] = "popularity"

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        self._people = np.asarray(interactions.taken.sum(axis=0), dtype=np.float32).ravel()
        return self

    def scores(self, users: IntArray) -> FloatArray:
        return np.tile(self._people, (len(users), 1))

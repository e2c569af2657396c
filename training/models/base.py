"""The one interface of all models; `tests/unit/training` holds every one to the same contract."""

from __future__ import annotations

from typing import ClassVar, Protocol, Self

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions


class Model(Protocol):
    """Learns from interactions, then says how much each user would like each item."""

    name: ClassVar[str]

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        """Learn. `as_of` is the last day that the model may know (days since 1970).

        The same interactions, configuration and seed give the same model.
        """

    def scores(self, users: IntArray) -> FloatArray:
        """[len(users), I] float32, finite; larger is better; comparable within a row alone."""

"""What the second stage knows of items, whoever asks: facts in numbers, and what is near what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.popularity import FloatArray

PEOPLE = "item people"
"""The fact that every catalogue has: the logarithm of one and the people who met the item."""


@dataclass(frozen=True)
class Catalogue:
    """Of I items, by row of the index.

    Attributes:
        as_of: the day up to which events are in it, since 1970-01-01, UTC.
        names: of the facts, in their order.
        facts: [I, f] float32; NaN where there is nothing to measure.
        neighbours: [I, N] int32, rows of each item's nearest others; -1 where there are no more.
        nearness: [I, N] float32 of each, 0 or more.
    """

    as_of: int
    names: tuple[str, ...]
    facts: FloatArray
    neighbours: npt.NDArray[np.int32]
    nearness: FloatArray

    def with_unmet(self, count: int) -> Catalogue:
        """The same with so many items more at its end, that nobody met."""
        unknown = np.full((count, len(self.names)), np.nan, dtype=np.float32)
        unknown[:, self.names.index(PEOPLE)] = 0
        nobody = np.full((count, self.neighbours.shape[1]), -1, dtype=np.int32)
        return Catalogue(
            self.as_of,
            self.names,
            np.concatenate([self.facts, unknown]),
            np.concatenate([self.neighbours, nobody]),
            np.concatenate([self.nearness, np.zeros(nobody.shape, dtype=np.float32)]),
        )

    def fits(self, items: int) -> bool:
        """Whether it is of so many items, contradicts itself nowhere, and has the fact that all have."""
        count, width = self.neighbours.shape if self.neighbours.ndim == 2 else (-1, -1)
        return bool(
            self.facts.shape == (items, len(self.names))
            and (count, self.nearness.shape) == (items, (items, width))
            and PEOPLE in self.names
            and not np.isinf(self.facts).any()
            and (self.neighbours >= -1).all()
            and (self.neighbours < items).all()
            and np.isfinite(self.nearness).all()
        )

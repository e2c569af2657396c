"""Features of any scale and shape made alike, as a network wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recolake.ranking.popularity import FloatArray

_KNOTS = 33
# Quantiles are spread evenly between minus this and this: then the variance is about 1.
_WIDTH = 1.7
# So many rows say what the quantiles are.
_ROWS = 50_000


@dataclass(frozen=True)
class Scaling:
    """By quantiles of what it was made from, evenly spread; what lies beyond them all stays at the end.

    Attributes:
        knots: ascending, per feature; fewer than two where nothing can be told apart.
        gaps: features that may be missing; each has a second column that says so.
    """

    knots: Sequence[npt.NDArray[np.float64]]
    gaps: Sequence[int]

    @classmethod
    def of(cls, features: FloatArray) -> Scaling:
        some = features[:: max(1, len(features) // _ROWS)]
        known = [column[~np.isnan(column)] for column in some.T]
        shares = np.linspace(0, 1, _KNOTS)
        quantiles = [np.quantile(column, shares) if len(column) else shares[:0] for column in known]
        return cls(
            [np.unique(q).astype(np.float64) for q in quantiles],
            np.flatnonzero(np.isnan(features).any(axis=0)).tolist(),
        )

    @property
    def width(self) -> int:
        return len(self.knots) + len(self.gaps)

    @cached_property
    def _spreads(self) -> Sequence[npt.NDArray[np.float64]]:
        return [np.linspace(-_WIDTH, _WIDTH, len(knots)) for knots in self.knots]

    def columns(self, numbers: Sequence[int]) -> list[int]:
        """Places in a scaled row of these features, and of what says that some of them are missing."""
        gaps = [len(self.knots) + self.gaps.index(number) for number in numbers if number in self.gaps]
        return [*numbers, *gaps]

    def some(self, numbers: Sequence[int], features: Sequence[npt.NDArray[np.floating]]) -> FloatArray:
        """[n, columns] of these features alone, given [n] of each; 0 where something is missing."""
        columns = self.columns(numbers)
        scaled = np.zeros((len(features[0]), len(columns)), dtype=np.float32)
        gap = len(numbers)
        for place, (number, feature) in enumerate(zip(numbers, features, strict=True)):
            missing = np.isnan(feature)
            knots = self.knots[number]
            if len(knots) > 1:
                scaled[:, place] = np.interp(feature, knots, self._spreads[number])
                scaled[missing, place] = 0
            if number in self.gaps:
                scaled[:, gap] = missing
                gap += 1
        return scaled

    def __call__(self, features: FloatArray) -> FloatArray:
        """[n, width] of [n, F]; 0 where something is missing."""
        numbers = range(len(self.knots))
        scaled = np.empty((len(features), self.width), dtype=np.float32)
        scaled[:, self.columns(numbers)] = self.some(numbers, list(features.T))
        return scaled

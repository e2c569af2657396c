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

    def __call__(self, features: FloatArray) -> FloatArray:
        """[n, width] of [n, F]; 0 where something is missing."""
        scaled = np.zeros((len(features), self.width), dtype=np.float32)
        missing = np.isnan(features)
        for number, (knots, spread) in enumerate(zip(self.knots, self._spreads, strict=True)):
            if len(knots) > 1:
                scaled[:, number] = np.interp(features[:, number], knots, spread)
        scaled[:, : len(self.knots)][missing] = 0
        scaled[:, len(self.knots) :] = missing[:, self.gaps]
        return scaled

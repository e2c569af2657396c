"""What is popular now, as the ranker reads it: trend scores turned into a term in [0, 1] and an order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray

FloatArray = npt.NDArray[np.float32]
# log2 units a day: the half-life of popularity is 7 days, fixed where gold.popularity is built.
HALF_LIFE_DAYS = 7.0


@dataclass(frozen=True)
class Popularity:
    """Popularity of every row of an index.

    `term` [I] is 1 for the most popular item and falls with the logarithm of decayed popularity; `order` [I]
    lists rows from most to least popular, ties by row; `share` [I] is decayed popularity over the most
    popular item's.
    """

    term: FloatArray
    order: IntArray
    share: FloatArray

    @cached_property
    def place(self) -> IntArray:
        """[I] place of each row in `order`."""
        place = np.empty_like(self.order)
        place[self.order] = np.arange(len(self.order))
        return place

    def with_length(self, count: int) -> Popularity:
        """The same of so many rows: the last ones go, or come and were never active."""
        rows = min(count, len(self.term))
        term, share = np.zeros((2, count), dtype=np.float32)
        term[:rows], share[:rows] = self.term[:rows], self.share[:rows]
        order = np.concatenate([self.order[self.order < rows], np.arange(rows, count)])
        return Popularity(term, order, share)

    @classmethod
    def of(cls, trend_scores: npt.NDArray[np.floating], span: float) -> Popularity:
        """From `gold.popularity.trend_score` by row; NaN or -inf where an item was never active.

        Trend scores are logarithms on a common time axis, so their differences say all: the day it is today
        cancels out. `span` is the number of halvings over which the term falls to about 0.
        """
        trend = np.where(np.isfinite(trend_scores), trend_scores, -np.inf).astype(np.float64)
        highest = trend.max(initial=-np.inf)
        if not np.isfinite(highest):
            nothing = np.zeros(len(trend), dtype=np.float32)
            return cls(nothing, np.arange(len(trend), dtype=np.int64), nothing)
        share = np.exp2(trend - highest)
        floor = np.exp2(-span)
        term = 1.0 + np.log2((share + floor) / (1.0 + floor)) / span
        order = np.argsort(-trend, kind="stable")
        return cls(np.maximum(term, 0.0).astype(np.float32), order.astype(np.int64), share.astype(np.float32))

    def lift(self, totals: npt.NDArray[np.floating]) -> FloatArray:
        """[I] how much more popular each item is now than it was over all time: log2 of the two shares'
        ratio.

        Both shares are shrunk by the average item's, so that a single event of a rare item is no trend.

        Args:
            totals: [I] popularity over all time, not decayed.
        """
        now, ever = _shares(self.share), _shares(totals)
        usual = 1.0 / max(len(now), 1)
        found: npt.NDArray[np.float64] = np.log2((now + usual) / (ever + usual))
        return found.astype(np.float32)


def _shares(amounts: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """[I] of the whole; zeros where there is nothing."""
    exact = amounts.astype(np.float64)
    return exact / max(float(exact.sum()), 1e-12)

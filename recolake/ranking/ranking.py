"""What ranking gives: rows of an index in order, whatever put them into it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.pick import Scalar, pick
from recolake.ranking.popularity import FloatArray
from recolake.ranking.reasons import REASONS, Reason
from recolake.ranking.retrieval import NO_ITEM


@dataclass(frozen=True)
class Ranking:
    """Best first, [U, k]. Beyond the last item `rows` is -1, `scores` -inf and `reasons` -1.

    `acted` [U, k] says in bits which rules acted, for `Rules.names`; None where there were no rules.
    """

    rows: IntArray
    scores: FloatArray
    reasons: npt.NDArray[np.int8]
    acted: IntArray | None = None

    def reason(self, user: int, position: int) -> Reason:
        return REASONS[int(self.reasons[user, position])]

    def of(self, user: int) -> Ranking:
        """One user's list, [1, k]."""
        own = slice(user, user + 1)
        acted = None if self.acted is None else self.acted[own]
        return Ranking(self.rows[own], self.scores[own], self.reasons[own], acted)

    def listed(self, user: int) -> list[int]:
        """A user's rows, without what fills up."""
        return [row for row in self.rows[user].tolist() if row != NO_ITEM]

    def without(self, rows: IntArray) -> Ranking:
        """One user's list without these rows."""
        return self.at(np.flatnonzero(~np.isin(self.rows[0], rows[rows != NO_ITEM])))

    def at(self, places: IntArray) -> Ranking:
        """These places of every user's list, in this order."""
        acted = None if self.acted is None else self.acted[:, places]
        return Ranking(self.rows[:, places], self.scores[:, places], self.reasons[:, places], acted)


def cut(
    rows: IntArray,
    scores: FloatArray,
    best: IntArray,
    reasons: npt.NDArray[np.integer],
    k: int,
    acted: IntArray | None = None,
) -> Ranking:
    """The candidates that were chosen, as an answer of k places.

    Args:
        rows, scores: [U, C] of all candidates; -inf where one is not allowed.
        best: [U, at most k] which of them were chosen, best first.
        reasons, acted: of those that were chosen.
    """
    picked = pick(scores, best)
    chosen = np.where(np.isneginf(picked), NO_ITEM, pick(rows, best))
    told = np.where(chosen == NO_ITEM, np.int8(-1), reasons)
    return Ranking(
        _filled(chosen, k, NO_ITEM),
        _filled(picked, k, -np.inf),
        _filled(told, k, -1).astype(np.int8),
        None if acted is None else _filled(acted, k, 0),
    )


def _filled(values: npt.NDArray[Scalar], k: int, filler: float) -> npt.NDArray[Scalar]:
    """k columns, those that are missing filled up."""
    missing = k - values.shape[1]
    # Nearly never is anything missing, and `np.pad` is slow at adding nothing.
    return np.pad(values, ((0, 0), (0, missing)), constant_values=filler) if missing else values

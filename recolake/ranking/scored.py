"""Lists whose scores are known for every item beforehand: all that is not ranked for a person by the blend.

Every item of the catalogue is looked at, so a list has k items wherever there are k, however few a rule
leaves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ranking import Ranking, cut
from recolake.ranking.rules.arrange import arrange
from recolake.ranking.rules.candidates import capped
from recolake.ranking.rules.rules import BoolArray, Rules

# So many candidates of each pool at least: of those diversity has its choice.
_DEPTH = 400


def rank_scored(
    scores: FloatArray,
    reasons: npt.NDArray[np.int8],
    place: IntArray,
    vectors: FloatArray,
    k: int,
    rules: Rules | None = None,
) -> Ranking:
    """The k best of I items, [1, k].

    Args:
        scores: [I] -inf where an item is no candidate.
        reasons: [I] positions in `REASONS`.
        place: [I] of equal scores the smaller place comes first.
        vectors: [I, d], by which diversity without an attribute tells what is alike.
    """
    rows = _candidates(scores, place, k, rules)
    found, places = scores[rows][None], place[rows][None]
    if rules is None:
        best = np.lexsort((places, -found), axis=1)[:, :k]
        return cut(rows[None], found, best, reasons[rows[best]], k)
    boosted, best, acted = arrange(found, places, rows[None], vectors, rules, k)
    return cut(rows[None], boosted, best, reasons[rows[best]], k, acted)


def _candidates(scores: FloatArray, place: IntArray, k: int, rules: Rules | None) -> IntArray:
    """Rows [C] of the best of every pool, ascending."""
    possible = np.isfinite(scores)
    pools: list[BoolArray | None] = [None] if rules is None else rules.pools
    parts = [
        _best(np.flatnonzero(possible if pool is None else possible & pool), scores, place, max(k, _DEPTH))
        for pool in pools
    ]
    diversity = None if rules is None else rules.diversity
    if diversity is not None and diversity.groups is not None and diversity.most is not None:
        open_ = np.flatnonzero(possible if pools[0] is None else possible & pools[0])
        order = open_[np.lexsort((place[open_], -scores[open_]))]
        parts.append(capped(order, diversity.groups, diversity.most)[:k])
    return np.unique(np.concatenate(parts))


def _best(rows: IntArray, scores: FloatArray, place: IntArray, count: int) -> IntArray:
    """At most so many of the rows, those with the best scores, and of equal ones those that come first."""
    if len(rows) <= count:
        return rows
    worth = scores[rows]
    last = np.partition(worth, len(worth) - count)[len(worth) - count]
    above, equal = rows[worth > last], rows[worth == last]
    return np.concatenate([above, equal[np.argsort(place[equal])[: count - len(above)]]])

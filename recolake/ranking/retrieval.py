"""Candidates: items near a user's vector, popular items, and what the user took before.

Each person has as many of them as when ranked alone, whoever is ranked beside: what is told of a list, and
the second stage, depend on all of its candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.ranking.index.kinds import search
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray, Popularity
from recolake.ranking.users import UserBatch

NO_ITEM = -1
# Of those that rules allow, so few are compared one by one: that takes no longer than to ask an index.
_MOST_COMPARED = 32_768
# An index is asked for a multiple of so many, as it is asked once for all who want as many.
_STEP = 64
# FAISS multiplies more than 19 queries as matrices: their sums differ in the last digit from those of one.
_BLOCK = 16


@dataclass(frozen=True)
class Wanted:
    """How many candidates each of U users has of each kind, [U]."""

    near: IntArray
    popular: IntArray


def candidates(
    index: Any,
    vectors: FloatArray,
    popularity: Popularity,
    users: UserBatch,
    wanted: Wanted,
    *,
    include_history: bool,
) -> IntArray:
    """Rows [U, C] to be scored, ascending within a user, each once; -1 fills up."""
    parts = [*near(index, vectors, users, wanted), most_popular(popularity.order, wanted)]
    if include_history:
        parts.append(users.history.padded(NO_ITEM))
    return each_once(parts)


def near(
    index: Any,
    vectors: FloatArray,
    users: UserBatch,
    wanted: Wanted,
    pool: npt.NDArray[np.bool_] | None = None,
) -> list[IntArray]:
    """Rows [U, *] of a pool near the users' vectors; nothing where nobody has one. -1 fills up."""
    who = users.has_vector
    if not who.any():
        return []
    if who.all():
        return [_nearest(index, vectors, users.vectors, wanted.near, pool)]
    found = _nearest(index, vectors, users.vectors[who], wanted.near[who], pool)
    close = np.full((len(users), found.shape[1]), NO_ITEM, dtype=np.int64)
    close[who] = found
    return [close]


def most_popular(order: IntArray, wanted: Wanted) -> IntArray:
    """The first rows [U, *] of those in order from most to least popular; -1 fills up."""
    top = order[: wanted.popular.max(initial=0)]
    return np.where(np.arange(len(top)) < wanted.popular[:, None], top, NO_ITEM)


def each_once(parts: Sequence[IntArray]) -> IntArray:
    """Rows of all parts [U, *], ascending within a user, each once; -1 fills up."""
    rows = np.sort(np.concatenate(parts, axis=1), axis=1)
    rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = NO_ITEM
    return rows


def _nearest(
    index: Any,
    vectors: FloatArray,
    queries: FloatArray,
    counts: IntArray,
    pool: npt.NDArray[np.bool_] | None,
) -> IntArray:
    """Rows [n, at most the largest count] with the largest products; what an index misses is compared."""
    if pool is None:
        return _asked(index, queries, counts, None, len(vectors))
    rows = np.flatnonzero(pool)
    if len(rows) <= counts.min():
        return np.broadcast_to(rows, (len(queries), len(rows)))
    if len(rows) <= _MOST_COMPARED:
        return _compared(vectors[rows], rows, queries, counts)
    found = _asked(index, queries, counts, pool, len(rows))
    missed = (found != NO_ITEM).sum(axis=1) < np.minimum(counts, len(rows))
    if missed.any():
        exact = _compared(vectors[rows], rows, queries[missed], counts[missed])
        found[missed, : exact.shape[1]] = exact
    return found


def _asked(
    index: Any, queries: FloatArray, counts: IntArray, pool: npt.NDArray[np.bool_] | None, total: int
) -> IntArray:
    """What an index of `total` items names, as many for each query as it wants; -1 fills up."""
    asked = np.minimum(-(-counts // _STEP) * _STEP, total)
    found = np.full((len(queries), int(asked.max())), NO_ITEM, dtype=np.int64)
    # How many lists of an inverted file are looked at depends on how much is asked for.
    for count in np.unique(asked):
        mine = np.flatnonzero(asked == count)
        for start in range(0, len(mine), _BLOCK):
            block = mine[start : start + _BLOCK]
            named = search(index, queries[block], int(count), among=pool)[1]
            found[block, : named.shape[1]] = named
    return np.where(np.arange(found.shape[1]) < counts[:, None], found, NO_ITEM)


def _compared(near: FloatArray, rows: IntArray, queries: FloatArray, counts: IntArray) -> IntArray:
    """Rows [n, at most the largest count] of those whose vectors are `near`, by the products themselves."""
    products = queries @ near.T
    most = min(int(counts.max()), len(rows))
    places = np.argpartition(products, len(rows) - most, axis=1)[:, len(rows) - most :]
    found: IntArray = rows[places]
    if (counts >= most).all():
        return found
    values = np.take_along_axis(products, places, axis=1)
    least = np.sort(values, axis=1)[np.arange(len(values)), np.maximum(most - counts, 0)]
    return np.where(values >= least[:, None], found, NO_ITEM)

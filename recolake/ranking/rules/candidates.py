"""Candidates under rules: looked for among what may be shown, in the end exactly, until there are enough."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.ranking.index.kinds import search
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray, Popularity
from recolake.ranking.retrieval import NO_ITEM, each_once
from recolake.ranking.rules.rules import NO_GROUP, BoolArray, Diversity, Rules
from recolake.ranking.users import UserBatch

# So few are compared one by one: that takes no longer than to ask an index.
_MOST_COMPARED = 32_768
# Of the most popular so many times the places are looked at first, where a group may have only a few of them.
_FIRST_LOOK = 64


def ruled_candidates(
    index: Any,
    vectors: FloatArray,
    popularity: Popularity,
    users: UserBatch,
    rules: Rules,
    k: int,
    *,
    near: int,
    popular: int,
    include_history: bool,
) -> IntArray:
    """Rows [U, C] to be scored, as `retrieval.candidates` gives them, none but what may be shown.

    Of each pool of the rules there are its items nearest to a user and its most popular ones, or all of it.
    So an answer has k items wherever there are k that the rules allow.
    """
    parts: list[IntArray] = []
    for pool in rules.pools:
        if users.has_vector.any():
            found = _nearest(index, vectors, users.vectors[users.has_vector], near, pool)
            close = np.full((len(users), found.shape[1]), NO_ITEM, dtype=np.int64)
            close[users.has_vector] = found
            parts.append(close)
        order = popularity.order if pool is None else popularity.order[pool[popularity.order]]
        top = order[:popular]
        parts.append(np.broadcast_to(top, (len(users), len(top))))
        if rules.diversity is not None and rules.diversity.most is not None:
            parts.append(_few_of_each(order, users, rules.diversity, k, include_history))
    if include_history:
        own = users.history.padded(NO_ITEM)
        if rules.eligible is not None:
            own[~rules.eligible[own]] = NO_ITEM
        parts.append(own)
    return each_once(parts)


def _nearest(
    index: Any, vectors: FloatArray, queries: FloatArray, count: int, pool: BoolArray | None
) -> IntArray:
    """Rows [n, at most count] of a pool with the largest products; what an index misses is found exactly."""
    if pool is None:
        return search(index, queries, count)[1]
    rows = np.flatnonzero(pool)
    if len(rows) <= count:
        return np.broadcast_to(rows, (len(queries), len(rows)))
    if len(rows) > _MOST_COMPARED:
        found = search(index, queries, count, among=pool)[1]
        if (found != NO_ITEM).all():
            return found
    products = queries @ vectors[rows].T
    return rows[np.argpartition(-products, count - 1, axis=1)[:, :count]]


def _few_of_each(
    order: IntArray, users: UserBatch, diversity: Diversity, k: int, include_history: bool
) -> IntArray:
    """Rows [U, k] of the most popular, of each group no more than an answer may have; -1 fills up."""
    assert diversity.groups is not None
    assert diversity.most is not None
    found = np.full((len(users), k), NO_ITEM, dtype=np.int64)
    for user in range(len(users)):
        history = users.history.slice(user, user + 1).rows
        mine = order if include_history else order[~np.isin(order, history)]
        looked = _FIRST_LOOK * k
        while True:
            rows = capped(mine[:looked], diversity.groups, diversity.most)[:k]
            if len(rows) == k or looked >= len(mine):
                break
            looked *= 8
        found[user, : len(rows)] = rows
    return found


def capped(rows: IntArray, groups: npt.NDArray[np.int32], most: int) -> IntArray:
    """Of rows in order those that are among the first `most` of their group, or in none."""
    group = groups[rows]
    by_group = np.argsort(group, kind="stable")
    ordered = group[by_group]
    starts = np.searchsorted(ordered, ordered)
    within = np.empty(len(rows), dtype=np.int64)
    within[by_group] = np.arange(len(rows)) - starts
    kept: IntArray = rows[(within < most) | (group == NO_GROUP)]
    return kept

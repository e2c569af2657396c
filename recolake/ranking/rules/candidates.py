"""Candidates under rules: looked for among what may be shown, in the end exactly, until there are enough."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray, Popularity
from recolake.ranking.retrieval import NO_ITEM, Wanted, each_once, most_popular, near
from recolake.ranking.rules.rules import NO_GROUP, Diversity, Rules
from recolake.ranking.users import UserBatch

# Of the most popular so many times the places are looked at first, where a group may have only a few of them.
_FIRST_LOOK = 64


def ruled_candidates(
    index: Any,
    vectors: FloatArray,
    popularity: Popularity,
    users: UserBatch,
    rules: Rules,
    k: int,
    wanted: Wanted,
    *,
    include_history: bool,
) -> IntArray:
    """Rows [U, C] to be scored, as `retrieval.candidates` gives them, none but what may be shown.

    Of each pool of the rules there are its items nearest to a user and its most popular ones, or all of it.
    So an answer has k items wherever there are k that the rules allow.
    """
    parts: list[IntArray] = []
    for pool in rules.pools:
        parts += near(index, vectors, users, wanted, pool)
        order = popularity.order if pool is None else popularity.order[pool[popularity.order]]
        parts.append(most_popular(order, wanted))
        if rules.diversity is not None and rules.diversity.most is not None:
            parts.append(_few_of_each(order, users, rules.diversity, k, include_history))
    if include_history:
        own = users.history.padded(NO_ITEM)
        if rules.eligible is not None:
            own[~rules.eligible[own]] = NO_ITEM
        parts.append(own)
    return each_once(parts)


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

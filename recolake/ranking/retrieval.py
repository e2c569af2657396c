"""Candidates: items near a user's vector, popular items, and what the user took before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.ranking.index.kinds import search
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import Popularity
from recolake.ranking.users import UserBatch

NO_ITEM = -1


def candidates(
    index: Any, popularity: Popularity, users: UserBatch, *, near: int, popular: int, include_history: bool
) -> IntArray:
    """Rows [U, C] to be scored, ascending within a user, each once; -1 fills up."""
    parts: list[npt.NDArray[np.int64]] = []
    if users.has_vector.any():
        close = np.full((len(users), min(near, index.ntotal)), NO_ITEM, dtype=np.int64)
        close[users.has_vector] = search(index, users.vectors[users.has_vector], near)[1]
        parts.append(close)
    top = popularity.order[:popular]
    parts.append(np.broadcast_to(top, (len(users), len(top))))
    if include_history:
        parts.append(users.history.padded(NO_ITEM))
    return each_once(parts)


def each_once(parts: Sequence[IntArray]) -> IntArray:
    """Rows of all parts [U, *], ascending within a user, each once; -1 fills up."""
    rows = np.sort(np.concatenate(parts, axis=1), axis=1)
    rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = NO_ITEM
    return rows

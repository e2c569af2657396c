"""What people did with items, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray

StrArray = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Interactions:
    """One entry per (user, item, day), in that order.

    Attributes:
        user_ids: [U] sorted; every one of them has an entry.
        item_ids: [I] sorted; every one of them has an entry.
        user: [n] position in `user_ids`.
        item: [n] position in `item_ids`.
        day: [n] days since 1970-01-01, UTC.
        weight: [n] sum of the weights of the day's events, above 0.
    """

    user_ids: StrArray
    item_ids: StrArray
    user: IntArray
    item: IntArray
    day: IntArray
    weight: FloatArray

    @classmethod
    def of(
        cls,
        users: Sequence[str] | StrArray,
        items: Sequence[str] | StrArray,
        days: IntArray,
        weights: FloatArray,
    ) -> Interactions:
        """From events in any order; those of one user, item and day are added up."""
        user_ids, user = np.unique(np.asarray(users, dtype=np.str_), return_inverse=True)
        item_ids, item = np.unique(np.asarray(items, dtype=np.str_), return_inverse=True)
        return _summed(
            user_ids, item_ids, user, item, np.asarray(days, np.int64), np.asarray(weights, np.float64)
        )

    def __len__(self) -> int:
        return len(self.user)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.user_ids), len(self.item_ids)

    @property
    def first_day(self) -> int:
        return int(self.day.min())

    @property
    def last_day(self) -> int:
        return int(self.day.max())

    def between(self, first: int | None = None, last: int | None = None) -> Interactions:
        """Entries of days first..last, both included; users and items without any are gone."""
        kept = np.ones(len(self), dtype=np.bool_)
        if first is not None:
            kept &= self.day >= first
        if last is not None:
            kept &= self.day <= last
        users, user = np.unique(self.user[kept], return_inverse=True)
        items, item = np.unique(self.item[kept], return_inverse=True)
        return Interactions(
            self.user_ids[users], self.item_ids[items], user, item, self.day[kept], self.weight[kept]
        )

    def strength(self, as_of: int, half_life_days: float | None = None) -> sp.csr_matrix:
        """Summed weights [U, I]; an entry halves for every `half_life_days` that it lies before `as_of`."""
        weight = self.weight.astype(np.float64)
        if half_life_days is not None:
            weight = weight * np.exp2((self.day - as_of) / half_life_days)
        matrix = sp.csr_matrix((weight, (self.user, self.item)), shape=self.shape)
        matrix.sum_duplicates()
        return matrix

    @cached_property
    def seen(self) -> sp.csr_matrix:
        """[U, I], 1 where there is any entry."""
        matrix = self.strength(0)
        matrix.data[:] = 1.0
        return matrix


def _summed(
    user_ids: StrArray,
    item_ids: StrArray,
    user: IntArray,
    item: IntArray,
    day: IntArray,
    weight: npt.NDArray[np.float64],
) -> Interactions:
    order = np.lexsort((day, item, user))
    user, item, day, weight = user[order], item[order], day[order], weight[order]
    new = np.ones(len(user), dtype=np.bool_)
    new[1:] = (user[1:] != user[:-1]) | (item[1:] != item[:-1]) | (day[1:] != day[:-1])
    starts = np.flatnonzero(new)
    total = np.add.reduceat(weight, starts) if len(starts) else weight
    return Interactions(user_ids, item_ids, user[new], item[new], day[new], total.astype(np.float32))

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
from training.datasets.ids import Ids, StrArray

NEVER = int(np.iinfo(np.int64).min)
MICROSECONDS_A_DAY = 86_400_000_000


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
        taken_at: [n] when the user took the item that day, the last time: microseconds since 1970-01-01, UTC;
            NEVER where they only showed interest. What taking is, gold says (`dbt_project/macros/taken.sql`).
    """

    user_ids: StrArray
    item_ids: StrArray
    user: IntArray
    item: IntArray
    day: IntArray
    weight: FloatArray
    taken_at: IntArray

    @classmethod
    def of(
        cls,
        users: Sequence[str] | StrArray | Ids,
        items: Sequence[str] | StrArray | Ids,
        days: IntArray,
        weights: FloatArray,
        taken_at: IntArray | None = None,
    ) -> Interactions:
        """From events in any order; those of one user, item and day are added up.

        Without `taken_at` every event takes its item, at the beginning of its day.
        """
        users = users if isinstance(users, Ids) else Ids.of(users)
        items = items if isinstance(items, Ids) else Ids.of(items)
        days = np.asarray(days, np.int64)
        taken_at = days * MICROSECONDS_A_DAY if taken_at is None else np.asarray(taken_at, np.int64)
        order = np.lexsort((days, items.codes, users.codes))
        user, item, day = users.codes[order], items.codes[order], days[order]
        starts = _starts(user, item, day)
        weight = np.add.reduceat(np.asarray(weights, np.float64)[order], starts)
        taken = np.maximum.reduceat(taken_at[order], starts)
        return cls(
            users.values,
            items.values,
            user[starts],
            item[starts],
            day[starts],
            weight.astype(np.float32),
            taken,
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
        return self.where(kept)

    def where(self, kept: npt.NDArray[np.bool_]) -> Interactions:
        """The entries that are marked [n]; users and items without any are gone."""
        users, user = np.unique(self.user[kept], return_inverse=True)
        items, item = np.unique(self.item[kept], return_inverse=True)
        return Interactions(
            self.user_ids[users],
            self.item_ids[items],
            user,
            item,
            self.day[kept],
            self.weight[kept],
            self.taken_at[kept],
        )

    def strength(self, as_of: int, half_life_days: float | None = None) -> sp.csr_matrix:
        """Summed weights [U, I]; an entry halves for every `half_life_days` that it lies before `as_of`."""
        matrix = sp.csr_matrix(
            (self.decayed(as_of, half_life_days), (self.user, self.item)), shape=self.shape
        )
        matrix.sum_duplicates()
        return matrix

    def decayed(self, as_of: int, half_life_days: float | None = None) -> npt.NDArray[np.float64]:
        """[n] weights, halved for every `half_life_days` before `as_of`."""
        weight = self.weight.astype(np.float64)
        return weight if half_life_days is None else weight * np.exp2((self.day - as_of) / half_life_days)

    @cached_property
    def met(self) -> sp.csr_matrix:
        """[U, I], 1 where there is any entry: the user took the item or showed interest."""
        return self._ones(np.ones(len(self), dtype=np.bool_))

    @cached_property
    def taken(self) -> sp.csr_matrix:
        """[U, I], 1 where the user took the item."""
        return self._ones(self.taken_at > NEVER)

    @cached_property
    def pair_starts(self) -> IntArray:
        """[p] first entry of each distinct (user, item)."""
        return _starts(self.user, self.item)

    def _ones(self, kept: npt.NDArray[np.bool_]) -> sp.csr_matrix:
        places = (self.user[kept], self.item[kept])
        matrix = sp.csr_matrix((np.ones(len(places[0])), places), shape=self.shape)
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
        return matrix


def _starts(*keys: IntArray) -> IntArray:
    """Where a new combination of sorted keys begins."""
    new = np.ones(len(keys[0]), dtype=np.bool_)
    new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return np.flatnonzero(new)

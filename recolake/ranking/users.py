"""The people a ranking is made for: their vectors and what they took, as arrays over an index's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray, Items
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged

# Of a person's history so much is looked at: so many goods, the newest; a habit halves in so many days.
# `gold.user_features` is built by the same two numbers; what is in it, `dbt_project/macros/taken.sql` says.
HISTORY_LENGTH = 500
HISTORY_HALF_LIFE_DAYS = 60.0


@dataclass(frozen=True)
class Habits:
    """When people took what is in their histories, [nnz] each, by history row.

    Attributes:
        days: on how many days they took it.
        first, last: the first and the last of those days, since 1970-01-01, UTC.
    """

    days: IntArray
    first: IntArray
    last: IntArray

    @classmethod
    def of(cls, days: Sequence[int], first: Sequence[int], last: Sequence[int]) -> Habits | None:
        """From lists; None where they are not of one length, so nothing can be told from them."""
        if not len(days) == len(first) == len(last):
            return None
        return cls(*(np.asarray(part, dtype=np.int64) for part in (days, first, last)))

    def __len__(self) -> int:
        return len(self.days)

    def at(self, places: IntArray | npt.NDArray[np.bool_] | slice) -> Habits:
        """Those of some history rows."""
        return Habits(self.days[places], self.first[places], self.last[places])


@dataclass(frozen=True)
class UserBatch:
    """U people.

    Attributes:
        vectors: [U, d] float32; all zeros where `has_vector` is False.
        has_vector: [U]; False for people the model does not know.
        history: rows of the items that they took.
        weights: [nnz] own frequency, decayed, by history row; only ratios within one user matter.
        habits: of the same rows; None where nobody said when anything was taken.
    """

    vectors: FloatArray
    has_vector: npt.NDArray[np.bool_]
    history: Ragged
    weights: FloatArray
    habits: Habits | None = None

    def __len__(self) -> int:
        return len(self.has_vector)

    @classmethod
    def one(
        cls,
        items: Items,
        dimension: int,
        vector: Sequence[float] | FloatArray | None,
        history: Sequence[str] = (),
        weights: Sequence[float] = (),
        habits: Habits | None = None,
    ) -> UserBatch:
        """A batch of one, from what the online store knows; items unknown to the index are left out.

        Habits of another length than the history say nothing of it, and are left out too.
        """
        if habits is not None and len(habits) != len(history):
            habits = None
        rows = items.rows(history)
        known = rows >= 0
        filled = np.zeros((1, dimension), dtype=np.float32)
        if vector is not None:
            filled[0] = vector
        rows, first = np.unique(rows[known], return_index=True)
        return cls(
            vectors=filled,
            has_vector=np.array([vector is not None]),
            history=Ragged(np.array([0, len(rows)], dtype=np.int64), rows),
            weights=np.asarray(weights, dtype=np.float32)[known][first],
            habits=habits.at(np.flatnonzero(known)[first]) if habits is not None else None,
        )

    def take(self, users: IntArray) -> UserBatch:
        """These people, in this order."""
        places = self.history.places(users)
        return UserBatch(
            self.vectors[users],
            self.has_vector[users],
            self.history.take(users),
            self.weights[places],
            self.habits.at(places) if self.habits is not None else None,
        )

    def slice(self, start: int, stop: int) -> UserBatch:
        """People start..stop-1."""
        low, high = self.history.offsets[start], self.history.offsets[min(stop, len(self))]
        return UserBatch(
            self.vectors[start:stop],
            self.has_vector[start:stop],
            self.history.slice(start, stop),
            self.weights[low:high],
            self.habits.at(slice(low, high)) if self.habits is not None else None,
        )

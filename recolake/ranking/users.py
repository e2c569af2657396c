"""The people a ranking is made for: their vectors and what they took, as arrays over an index's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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
        days: on how many days they took it; 0 where nobody said when.
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

    @classmethod
    def joined(cls, people: Sequence[Known]) -> Habits | None:
        """One person's after the other's; None where nobody said anything."""
        if not any(each.dated for each in people):
            return None
        parts = [each.habits if each.dated else cls.unsaid(len(each.history)) for each in people]
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("days", "first", "last"))
        )

    @classmethod
    def unsaid(cls, count: int) -> Habits:
        """Of so many rows of which nobody said anything."""
        return cls(*np.zeros((3, count), dtype=np.int64))

    def at(self, places: IntArray | npt.NDArray[np.bool_] | slice) -> Habits:
        """Those of some history rows."""
        return Habits(self.days[places], self.first[places], self.last[places])


@dataclass(frozen=True, slots=True)
class Known:
    """What the online store knows of a person.

    Attributes:
        vector: None for people the model does not know.
        weights: as many as items of the history.
        habits: of another length than the history, they say nothing of it.
    """

    vector: Sequence[float] | FloatArray | None
    history: Sequence[str] = ()
    weights: Sequence[float] = ()
    habits: Habits | None = None

    @property
    def dated(self) -> bool:
        """Whether it is said when the history was taken."""
        return self.habits is not None and len(self.habits) == len(self.history) > 0


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
        """A batch of one, as `of` makes it."""
        return cls.of(items, dimension, [Known(vector, history, weights, habits)])

    @classmethod
    def of(cls, items: Items, dimension: int, people: Sequence[Known]) -> UserBatch:
        """From what the online store knows of people; items unknown to the index are left out."""
        vectors = np.zeros((len(people), dimension), dtype=np.float32)
        for number, person in enumerate(people):
            if person.vector is not None:
                vectors[number] = person.vector
        rows = items.rows([item for each in people for item in each.history])
        weights = [weight for each in people for weight in each.weights]
        owners = np.repeat(np.arange(len(people)), [len(each.history) for each in people])
        known = np.flatnonzero(rows >= 0)
        # By person and row; of an item that is there twice the first counts.
        kept = known[np.unique(owners[known] * len(items) + rows[known], return_index=True)[1]]
        ends = np.cumsum(np.bincount(owners[kept], minlength=len(people)))
        habits = Habits.joined(people)
        return cls(
            vectors=vectors,
            has_vector=np.array([each.vector is not None for each in people], dtype=np.bool_),
            history=Ragged(np.concatenate([[0], ends]).astype(np.int64), rows[kept]),
            weights=np.array(weights, dtype=np.float32)[kept],
            habits=None if habits is None else habits.at(kept),
        )

    @cached_property
    def frequencies(self) -> FloatArray:
        """[nnz] each weight over its user's largest one."""
        most = np.zeros(len(self), dtype=np.float32)
        np.maximum.at(most, self.history.owners, self.weights)
        largest = np.maximum(most, np.float32(1e-9))[self.history.owners]
        return (self.weights / largest).astype(np.float32, copy=False)

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

"""The named slices: parts of the test window that an average over everybody hides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.ragged import Ragged
from training.datasets.interactions import Interactions
from training.datasets.split import Split

MOST_EVENTS = 3
# Share of all taking that the short head has (Cremonesi, Koren and Turrin, RecSys 2010).
HEAD_SHARE = 1 / 3

Mask = npt.NDArray[np.bool_]


class Slice(StrEnum):
    """Whom, or which of the items to be foreseen, a slice looks at; all as of the day before the window."""

    COLD_USERS = "cold_users"  # people with at most 3 events
    LONG_TAIL_ITEMS = "long_tail_items"  # items outside the short head
    FRESH_ITEMS = "fresh_items"  # new in the catalogue: first seen at most a window's length before it


@dataclass(frozen=True)
class Slices:
    """Members of the slices among the users and items of a split's training part.

    Attributes:
        cold: [U] people with at most 3 entries.
        tail: [I] items outside the short head: the most taken ones that make up a third of all taking.
        fresh: [I] items whose first entry is at most as many days before the window as the window has.
    """

    cold: Mask
    tail: Mask
    fresh: Mask

    @classmethod
    def of(cls, split: Split) -> Slices:
        train, (people, items) = split.train, split.train.shape
        first_seen = np.full(items, np.iinfo(np.int64).max)
        np.minimum.at(first_seen, train.item, train.day)
        length = split.last_day - split.first_day + 1
        return cls(
            cold=np.bincount(train.user, minlength=people) <= MOST_EVENTS,
            tail=_outside_the_head(train),
            fresh=first_seen >= split.first_day - length,
        )

    def within(self, part: Slice, truth: Ragged, users: IntArray | None = None) -> Ragged:
        """What of the held-out rows belongs to this slice.

        Args:
            users: whose rows they are; everybody's by default.
        """
        if part is Slice.COLD_USERS:
            kept = (self.cold if users is None else self.cold[users])[truth.owners]
        else:
            kept = (self.tail if part is Slice.LONG_TAIL_ITEMS else self.fresh)[truth.rows]
        lengths = np.bincount(truth.owners[kept], minlength=len(truth))
        return Ragged(np.concatenate([[0], np.cumsum(lengths)]), truth.rows[kept])


def _outside_the_head(train: Interactions) -> Mask:
    """[I] all but the fewest items that make up a third of (person, item) pairs taken; ties by item id."""
    takers = np.asarray(train.taken.sum(axis=0)).ravel()
    order = np.argsort(-takers, kind="stable")
    before = np.cumsum(takers[order]) - takers[order]
    outside = np.empty(len(takers), dtype=np.bool_)
    outside[order] = before >= HEAD_SHARE * takers.sum()
    return outside

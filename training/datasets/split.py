"""The temporal split: what happened last is what a model must foresee."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.ragged import Ragged
from training.datasets.interactions import NEVER, Interactions

WINDOW_DAYS = 31


@dataclass(frozen=True)
class Split:
    """Entries before the window, and what known users took of known items within it.

    Attributes:
        all_items: rows of the items taken per user of `train`, also once more; empty for users without any.
        new_items: the same without what the user had taken before.
    """

    train: Interactions
    first_day: int
    last_day: int
    all_items: Ragged
    new_items: Ragged

    @property
    def as_of(self) -> int:
        """Last day that a model may know."""
        return self.first_day - 1

    @property
    def window(self) -> str:
        """First and last day of the window as `2011-11-09/2011-12-09`."""
        first, last = (np.datetime64(day, "D") for day in (self.first_day, self.last_day))
        return f"{first}/{last}"

    @property
    def measurable(self) -> bool:
        return len(self.all_items.rows) > 0


def window_days(first_day: int, last_day: int) -> int:
    """Days of the window: 31, or a fifth of the span where that is less, at least one."""
    return max(1, min(WINDOW_DAYS, (last_day - first_day + 1) // 5))


def temporal_split(interactions: Interactions) -> Split | None:
    """Cut off the last days; None where nothing is left to train on."""
    last = interactions.last_day
    first = last - window_days(interactions.first_day, last) + 1
    if interactions.first_day >= first:
        return None
    train = interactions.between(last=first - 1)
    held = interactions.between(first=first)
    user = _positions(train.user_ids, held.user_ids)[held.user]
    item = _positions(train.item_ids, held.item_ids)[held.item]
    counts = (user >= 0) & (item >= 0) & (held.taken_at > NEVER)
    keys = np.unique(user[counts] * train.shape[1] + item[counts])
    user, item = keys // train.shape[1], keys % train.shape[1]
    before = train.taken_at > NEVER
    had = np.isin(keys, train.user[before] * train.shape[1] + train.item[before])
    return Split(
        train,
        first,
        last,
        _ragged(user, item, train.shape[0]),
        _ragged(user[~had], item[~had], train.shape[0]),
    )


def _positions(known: np.ndarray, asked: np.ndarray) -> IntArray:
    """Place of each asked id in the sorted known ones; -1 where it is not there."""
    place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[place] == asked, place, -1).astype(np.int64)


def _ragged(user: IntArray, item: IntArray, users: int) -> Ragged:
    offsets = np.zeros(users + 1, dtype=np.int64)
    np.cumsum(np.bincount(user, minlength=users), out=offsets[1:])
    return Ragged(offsets, item)

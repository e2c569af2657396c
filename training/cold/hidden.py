"""Items and people that a fit is not shown, so that what it would know of newcomers can be measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.ragged import Ragged
from training.datasets.features import Features
from training.datasets.ids import StrArray
from training.datasets.interactions import NEVER, Interactions

LEAST_SHARE, MOST_SHARE = 0.1, 0.5

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Hidden:
    """What is left to learn from, and where everybody and everything went.

    Attributes:
        rest: the entries of `train` that are neither of a hidden item nor of a hidden person.
        items: [h] ids of the hidden items.
        people: [p] ids of the hidden people.
        item_rows: [I] row of each item of `train` among those of `rest` with the hidden ones after them; -1
            where only hidden people met it.
        person_rows: [U] likewise.
    """

    train: Interactions
    rest: Interactions
    items: StrArray
    people: StrArray
    item_rows: IntArray
    person_rows: IntArray

    @classmethod
    def of(
        cls, train: Interactions, items: Features | None, people: Features | None, share: float, seed: int
    ) -> Hidden | None:
        """Hide a share of the items, and a tenth of the people, of whom anything is known.

        None where nothing would be left.
        """
        random = np.random.default_rng(seed)
        no_item = _drawn(random, train.item_ids, items, share)
        no_person = _drawn(random, train.user_ids, people, LEAST_SHARE)
        kept = ~no_item[train.item] & ~no_person[train.user]
        if not kept.any():
            return None
        rest = train.where(kept)
        return cls(
            train,
            rest,
            train.item_ids[no_item],
            train.user_ids[no_person],
            _rows(rest.item_ids, train.item_ids, no_item),
            _rows(rest.user_ids, train.user_ids, no_person),
        )

    def taken(self, since: int | None = None) -> Ragged:
        """Rows of the items that each person took before the day of the fit, from a day on or ever."""
        took = self.train.taken_at > NEVER
        if since is not None:
            took &= self.train.day >= since
        return self.mapped(self.train.user[took], self.train.item[took])

    def mapped(self, users: IntArray, items: IntArray) -> Ragged:
        """Pairs [n] of rows of `train` as rows of items by person, hidden ones among both."""
        count = len(self.rest.item_ids) + len(self.items)
        user, item = self.person_rows[users], self.item_rows[items]
        known = (user >= 0) & (item >= 0)
        keys = np.unique(user[known] * count + item[known])
        return ragged(keys // count, keys % count, len(self.rest.user_ids) + len(self.people))


def ragged(users: IntArray, rows: IntArray, count: int) -> Ragged:
    """Of pairs sorted by user."""
    offsets = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(users, minlength=count), out=offsets[1:])
    return Ragged(offsets, rows)


def among(rows: Ragged, first: int, last: int) -> Ragged:
    """Only what lies between two rows, the second left out; counted from the first."""
    kept = (rows.rows >= first) & (rows.rows < last)
    return ragged(rows.owners[kept], rows.rows[kept] - first, len(rows))


def _drawn(random: np.random.Generator, ids: StrArray, known: Features | None, share: float) -> Mask:
    """[len(ids)] a share of those of whom something is known."""
    drawn = np.zeros(len(ids), dtype=np.bool_)
    if known is not None:
        able = np.flatnonzero(np.diff(known.of(ids).indptr))
        drawn[random.choice(able, round(share * len(able)), replace=False)] = True
    return drawn


def _rows(rest: StrArray, ids: StrArray, hidden: Mask) -> IntArray:
    place = np.minimum(np.searchsorted(rest, ids), len(rest) - 1)
    rows = np.where(rest[place] == ids, place, -1).astype(np.int64)
    rows[hidden] = len(rest) + np.arange(hidden.sum())
    return rows

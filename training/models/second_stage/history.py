"""What the past says of items, of users, and of a user and an item together, as of a day.

Every number comes from entries of the past alone; ages count in days up to `as_of`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions

# Named columns of equal length; NaN where there is nothing to measure.
Columns = dict[str, FloatArray]

_ITEM_HALF_LIVES = (3.0, 7.0, 14.0, 30.0, 90.0)
_PAIR_HALF_LIVES = (15.0, 30.0, 60.0, 120.0, 240.0)
_PAIR_HALF_LIVES_IN_VISITS = (2.0, 5.0)
_USER_HALF_LIFE = 60.0
# What stands for no events at all in a logarithm, and what a share is drawn to while little is known.
_LEAST = 0.05
_LEAST_OF_A_PAIR = 1e-3
_DOUBT = 2.0


@dataclass(frozen=True)
class Visits:
    """Distinct (user, day), sorted.

    Attributes:
        user, day: [v].
        starts: [U + 1] where each user's begin.
    """

    user: IntArray
    day: IntArray
    starts: IntArray
    _first: int
    _width: int

    @classmethod
    def of(cls, past: Interactions, as_of: int) -> Visits:
        first = min(int(past.day.min()), as_of) if len(past) else as_of
        width = as_of - first + 2
        keys = np.unique(past.user * width + (past.day - first))
        user = keys // width
        starts = np.zeros(past.shape[0] + 1, dtype=np.int64)
        np.cumsum(np.bincount(user, minlength=past.shape[0]), out=starts[1:])
        return cls(user, keys % width + first, starts, first, width)

    def __len__(self) -> int:
        return len(self.user)

    def from_day(self, user: IntArray, day: IntArray) -> IntArray:
        """[n] how many visits of these users were on these days, each one of theirs, or later."""
        keys = self.user * self._width + (self.day - self._first)
        return self.starts[user + 1] - np.searchsorted(keys, user * self._width + (day - self._first))


def of_items(past: Interactions, as_of: int) -> Columns:
    """[I] popularity all-time and decayed, its trend, age, and how often people come back for it."""
    items, starts = past.shape[1], past.pair_starts
    people = np.bincount(past.item[starts], minlength=items)
    entries = np.bincount(past.item, minlength=items)
    repeated = np.bincount(past.item[starts], _counts(past) > 1, items)
    ever = _log(np.bincount(past.item, past.weight, items))
    recent = [_log(np.bincount(past.item, past.decayed(as_of, life), items)) for life in _ITEM_HALF_LIVES]
    first, last = np.full(items, np.inf), np.full(items, -np.inf)
    np.minimum.at(first, past.item, past.day)
    np.maximum.at(last, past.item, past.day)
    known = entries > 0
    found: dict[str, npt.NDArray[np.generic]] = {
        "item people": np.log1p(people),
        "item ever": ever,
        **{f"item {life:g} days": level for life, level in zip(_ITEM_HALF_LIVES, recent, strict=True)},
        **{
            f"item trend {life:g} days": level - slower
            for life, level, slower in zip(_ITEM_HALF_LIVES, recent, [*recent[1:], ever], strict=True)
        },
        "item days a person": entries / np.maximum(people, 1),
        "item share again": (repeated + 1) / (people + 2 * _DOUBT),
        "item age": np.where(known, as_of - first, np.nan),
        "item since": np.where(known, as_of - last, np.nan),
    }
    return _columns(found)


def of_users(past: Interactions, visits: Visits, as_of: int, people: FloatArray) -> Columns:
    """[U] activity, when they come, how much they take, how often the same; `people` [I] is of `of_items`."""
    users = past.shape[0]
    count = np.diff(visits.starts)
    known = count > 0
    first, last = np.full(users, np.nan), np.full(users, np.nan)
    first[known] = visits.day[visits.starts[:-1][known]]
    last[known] = visits.day[visits.starts[1:][known] - 1]
    entries = np.bincount(past.user, minlength=users)
    goods = np.bincount(past.user[past.pair_starts], minlength=users)
    interval = np.where(count > 1, (last - first) / np.maximum(count - 1, 1), np.nan)
    lately = np.exp2((visits.day - as_of) / _USER_HALF_LIFE)
    some = np.maximum(entries, 1)
    found: dict[str, npt.NDArray[np.generic]] = {
        "user visits": np.log1p(count),
        "user visits lately": np.bincount(visits.user, lately, users),
        "user entries": np.log1p(entries),
        "user goods": np.log1p(goods),
        "user since": as_of - last,
        "user tenure": as_of - first,
        "user interval": interval,
        "user due": (as_of - last) / np.maximum(interval, 1),
        "user basket": entries / np.maximum(count, 1),
        "user share again": 1 - goods / some,
        "user taste for the popular": np.bincount(past.user, people[past.item], users) / some,
    }
    return _columns(found)


@dataclass(frozen=True)
class Pairs:
    """Of each distinct (user, item).

    Attributes:
        keys: [p] user * I + item, sorted.
        columns: [p] each.
        absent: what holds where a user never had an item, per column.
    """

    keys: IntArray
    columns: Columns
    absent: dict[str, float]

    def at(self, keys: IntArray) -> Columns:
        """[n] each, of any pairs."""
        if not len(self.keys):
            return {name: np.full(len(keys), self.absent[name], np.float32) for name in self.columns}
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        there = self.keys[place] == keys
        return {
            name: np.where(there, column[place], np.float32(self.absent[name]))
            for name, column in self.columns.items()
        }


def of_pairs(past: Interactions, visits: Visits, as_of: int) -> Pairs:
    """How often, how long ago, at what interval, in how many of the user's visits."""
    starts, counts = past.pair_starts, _counts(past)
    user, item = past.user[starts], past.item[starts]
    first, last = past.day[starts], past.day[starts + counts - 1]
    interval = np.where(counts > 1, (last - first) / np.maximum(counts - 1, 1), np.nan)
    since_first = visits.from_day(user, first)
    measured: dict[str, npt.NDArray[np.generic]] = {
        "own since": as_of - last,
        "own since first": as_of - first,
        "own interval": interval,
        "own due": (as_of - last) / np.maximum(interval, 1),
        "own visits since": visits.from_day(user, last) - 1,
    }
    counted: dict[str, npt.NDArray[np.generic]] = {
        "own days": counts,
        "own weight": np.log1p(_added(past.weight, starts)),
        "own share of visits": counts / np.maximum(since_first, 1),
        "own share, doubted": counts / (since_first + _DOUBT),
    }
    later = visits.from_day(past.user, past.day) - 1
    for life in _PAIR_HALF_LIVES_IN_VISITS:
        counted[f"own {life:g} visits"] = _added(np.exp2(-later / life), starts)
    decayed: dict[str, npt.NDArray[np.generic]] = {
        f"own {life:g} days": np.log(_added(past.decayed(as_of, life), starts) + _LEAST_OF_A_PAIR)
        for life in _PAIR_HALF_LIVES
    }
    absent = dict.fromkeys(measured, float("nan")) | dict.fromkeys(counted, 0.0)
    absent |= dict.fromkeys(decayed, float(np.log(_LEAST_OF_A_PAIR)))
    return Pairs(user * past.shape[1] + item, _columns(measured | counted | decayed), absent)


def _counts(past: Interactions) -> IntArray:
    """[p] entries of each distinct (user, item)."""
    return np.diff(np.append(past.pair_starts, len(past)))


def _added(values: npt.NDArray[np.floating], starts: IntArray) -> npt.NDArray[np.floating]:
    return np.add.reduceat(values, starts) if len(starts) else values[:0]


def _log(weight: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.log(np.asarray(weight, dtype=np.float64) + _LEAST)


def _columns(found: dict[str, npt.NDArray[np.generic]]) -> Columns:
    return {name: values.astype(np.float32) for name, values in found.items()}

"""What happened, by position in a catalogue of users and items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from training.benchmark.keys import among, distinct
from training.datasets.ids import Ids
from training.datasets.interactions import Interactions
from training.files.events import Events, FileIds

_SECONDS_A_DAY = 86_400
_MICROSECONDS_A_SECOND = 1_000_000


class Clock(StrEnum):
    """What is known of when something happened."""

    NONE = "none"
    STEPS = "steps"  # the order of each user's own events, not between users
    TIMES = "times"


@dataclass(frozen=True)
class Catalogue:
    """Ids by position: [U] users and [I] items, sorted, each once."""

    users: FileIds
    items: FileIds

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.users), len(self.items)


@dataclass(frozen=True)
class Log:
    """n events. `time` [n] is seconds since 1970, or the number of the step, or 0, as the clock says."""

    user: IntArray
    item: IntArray
    time: npt.NDArray[np.float64]
    clock: Clock

    def __len__(self) -> int:
        return len(self.user)

    def take(self, kept: npt.NDArray[np.bool_]) -> Log:
        return Log(self.user[kept], self.item[kept], self.time[kept], self.clock)

    def pairs(self, items: int) -> IntArray:
        """Distinct (user, item) pairs, sorted, as user * items + item."""
        return distinct(self.user * items + self.item)

    @property
    def as_of(self) -> int:
        """The last day of the log, as `interactions` counts days."""
        return int(self.time.max() // _SECONDS_A_DAY) if self.clock is Clock.TIMES and len(self) else 0


def encoded(events: Events, catalogue: Catalogue, clock: Clock) -> Log:
    """Positions of events whose ids the catalogue holds."""
    if clock is Clock.TIMES and events.time is not None:
        time = events.time
    else:
        time = np.arange(len(events), dtype=np.float64) if clock is Clock.STEPS else np.zeros(len(events))
    user = np.searchsorted(catalogue.users, events.user)
    return Log(user, np.searchsorted(catalogue.items, events.item), time, clock)


def joined(first: Log, second: Log) -> Log:
    """One after the other; both have the same clock."""
    parts = ((getattr(first, name), getattr(second, name)) for name in ("user", "item", "time"))
    user, item, time = (np.concatenate(pair) for pair in parts)
    return Log(user, item, time, first.clock)


def without(log: Log, removed: Log, items: int) -> Log:
    """The log less what the other one holds: those events, or, without times, all of the same pairs."""
    ours, theirs = _keys(log, removed, items)
    return log.take(~among(ours, distinct(theirs)))


def completed(log: Log, other: Log, items: int) -> Log:
    """The log, and after it what only the other one holds."""
    ours, theirs = _keys(log, other, items)
    added = other.take(~among(theirs, distinct(ours)))
    if log.clock is Clock.STEPS and len(log):
        added = replace(added, time=added.time + log.time.max() + 1)
    return joined(log, added)


def _keys(first: Log, second: Log, items: int) -> tuple[IntArray, IntArray]:
    """One whole number an event, equal for equal events."""
    pairs = [log.user * items + log.item for log in (first, second)]
    if first.clock is Clock.TIMES:
        moments, place = np.unique(np.concatenate([first.time, second.time]), return_inverse=True)
        codes = np.unique(np.concatenate(pairs), return_inverse=True)[1]
        keys = codes * len(moments) + place
        return keys[: len(first)], keys[len(first) :]
    return pairs[0], pairs[1]


def interactions(log: Log, catalogue: Catalogue) -> Interactions:
    """What the models learn from; each event weighs 1.

    A day is a day with times; with steps it is how many events of the same user came after, below 0; else 0.
    Users and items of the catalogue without events have empty rows and columns.
    """
    if log.clock is Clock.TIMES:
        day = (log.time // _SECONDS_A_DAY).astype(np.int64)
    elif log.clock is Clock.STEPS:
        day = -steps_after(log)
    else:
        day = np.zeros(len(log), dtype=np.int64)
    users, items = (ids.astype(np.str_) for ids in (catalogue.users, catalogue.items))
    weight = np.ones(len(log), dtype=np.float32)
    # Within a day the moment says what came first.
    moment = (log.time * _MICROSECONDS_A_SECOND).astype(np.int64) if log.clock is Clock.TIMES else None
    return Interactions.of(Ids(users, log.user), Ids(items, log.item), day, weight, moment)


def steps_after(log: Log) -> IntArray:
    """[n] how many events of the same user came later; of the same moment, those later in the log."""
    order = np.lexsort((log.time, log.user))
    counts = np.bincount(log.user) if len(log) else np.zeros(0, dtype=np.int64)
    place = np.arange(len(log)) - np.repeat(np.cumsum(counts) - counts, counts)
    after = np.empty(len(log), dtype=np.int64)
    after[order] = np.repeat(counts, counts) - 1 - place
    return after

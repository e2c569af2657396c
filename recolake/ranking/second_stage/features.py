"""Everything that is known of a candidate when its place in a list is decided: what people did, as of a day.

Serving has these numbers for one person, from the online store and from an artefact's files; training has
them for all people of a past window. Both call `measured`, and neither can give it anything younger.

The day is the catalogue's, or a person's own last one where that is later: no clock is asked, so the same
person and artefact give the same list at any time.

Shapes: U users, D candidates each, n entries of all histories, N neighbours of an item, m candidates that are
near anything in their person's history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged
from recolake.ranking.rerank import Terms
from recolake.ranking.second_stage.catalogue import PEOPLE, Catalogue
from recolake.ranking.second_stage.shortlist import Shortlist
from recolake.ranking.users import Habits, UserBatch

Columns = Mapping[str, npt.NDArray[np.floating[Any]]]
_Double = npt.NDArray[np.float64]

# Names of what is measured here, in the order of the columns; a catalogue's facts follow. An artefact names
# what its networks judge by, so what a name stands for never changes.
FEATURES = (
    *("first stage", "place", "vector", "affinity", "popular now", "own"),
    *("near", "near 15 days", "near 60 days"),
    *("user goods", "user days", "user share again", "user since", "user tenure", "user visits"),
    *("user interval", "user due", "user taste for the popular"),
    *("own since", "own since first", "own interval", "own due", "own since the person's last"),
    *("own days", "own share of visits"),
)

# Half-lives in days of what a history says of neighbouring items, counted back from the person's last day.
_HALF_LIVES = (15.0, 60.0)
# What stands for nothing at all in a logarithm.
_LEAST = 1e-3


@dataclass(frozen=True)
class Measured:
    """`FEATURES` of each candidate, by what they depend on; NaN where there is nothing to measure.

    Attributes:
        rows: [U, D] of the index; 0 beyond a user's last candidate.
        own: [U, D] entry of the history that has the item, or -1.
        pairs: [U, D] of the person and the item, whatever the two have to do with each other.
        met: [m] places in [U * D] of candidates that are near anything in the history.
        near: [m] of these; 0 of all others.
        people: [U].
        entries: [n + 1]; the last one is that of items that the person never had.
    """

    rows: IntArray
    own: IntArray
    pairs: Columns
    met: IntArray
    near: Columns
    people: Columns
    entries: Columns

    @classmethod
    def of(cls, catalogue: Catalogue, people: UserBatch, found: Terms, listed: Shortlist) -> Measured:
        """Measure listed candidates of people with habits."""
        assert people.habits is not None
        rows = np.where(listed.there, listed.pick(found.rows), 0)
        own = people.history.find(np.where(listed.there, rows, -1), len(catalogue.facts))
        past = _Past.of(people.history, people.habits, catalogue.as_of)
        met, near = _of_neighbours(catalogue, people.history, past, rows)
        return cls(
            rows,
            own,
            _of_first_stage(found, listed),
            met,
            near,
            _of_people(catalogue, people, past),
            _of_entries(people, people.habits, past),
        )

    def table(self, catalogue: Catalogue) -> FloatArray:
        """[U, D, F] float32: `FEATURES`, and the catalogue's facts after them."""
        users, depth = self.rows.shape
        table = np.zeros((users, depth, len(FEATURES) + len(catalogue.names)), dtype=np.float32)
        for number, name in enumerate(FEATURES):
            if name in self.pairs:
                table[:, :, number] = self.pairs[name]
            elif name in self.people:
                table[:, :, number] = self.people[name][:, None]
            elif name in self.entries:
                table[:, :, number] = self.entries[name][self.own]
            else:
                table.reshape(users * depth, -1)[self.met, number] = self.near[name]
        table[:, :, len(FEATURES) :] = catalogue.facts[self.rows]
        return table


@dataclass(frozen=True)
class _Past:
    """Ages in days: of a history's entries [n], and of people [U].

    Attributes:
        last, first: since each item was taken for the last and for the first time.
        since, tenure: since the person took anything for the last and for the first time; NaN if never.
        visits: [U] distinct days of which the histories tell.
    """

    last: _Double
    first: _Double
    since: _Double
    tenure: _Double
    visits: _Double

    @classmethod
    def of(cls, history: Ragged, habits: Habits, as_of: int) -> _Past:
        users, owners = len(history), history.owners
        latest = np.full(users, as_of, dtype=np.int64)
        np.maximum.at(latest, owners, habits.last)
        last, first = (latest[owners] - day for day in (habits.last, habits.first))
        since, tenure = np.full(users, np.inf), np.full(users, -np.inf)
        np.minimum.at(since, owners, last)
        np.maximum.at(tenure, owners, first)
        unknown = np.isinf(since)
        since[unknown] = tenure[unknown] = np.nan
        width = int(first.max(initial=0)) + 1
        days = np.unique(np.concatenate([owners * width + age for age in (last, first)]))
        visits = np.bincount(days // width, minlength=users)
        return cls(
            last.astype(np.float64), first.astype(np.float64), since, tenure, visits.astype(np.float64)
        )


def _of_first_stage(found: Terms, listed: Shortlist) -> Columns:
    """What decided so far, and the place that it gave."""
    depth = listed.columns.shape[1]
    return {
        "first stage": listed.score,
        "place": np.broadcast_to(np.arange(depth, dtype=np.float32), listed.columns.shape),
        "vector": listed.pick(found.vector),
        "affinity": listed.pick(found.product),
        "popular now": listed.pick(found.popularity),
    }


def _of_neighbours(
    catalogue: Catalogue, history: Ragged, past: _Past, rows: IntArray
) -> tuple[IntArray, Columns]:
    """How near a candidate is to what its person took, all of it counted alike, and the later the more.

    With it which candidates are near anything.
    """
    near = catalogue.neighbours.take(rows, axis=0)
    users, _, width = near.shape
    places = history.find(near.reshape(users, -1), len(catalogue.facts)).ravel()
    hits = np.flatnonzero(places >= 0)
    candidate, entry = hits // max(width, 1), places[hits]
    nearness = catalogue.nearness[rows.ravel()[candidate], hits % max(width, 1)].astype(np.float64)
    met, which = np.unique(candidate, return_inverse=True)
    spoken = {"near": np.ones(len(history.rows))}
    ages = past.last - past.since[history.owners]
    spoken |= {f"near {life:g} days": np.exp2(-ages / life) for life in _HALF_LIVES}
    columns = {}
    for name, loud in spoken.items():
        whole = np.bincount(history.owners, loud, users)
        each = loud / np.maximum(whole, _LEAST)[history.owners]
        columns[name] = np.bincount(which, nearness * each[entry], len(met)).astype(np.float64, copy=False)
    return met, columns


def _of_people(catalogue: Catalogue, people: UserBatch, past: _Past) -> Columns:
    """How much they take, how often, when they are due, and whether they like what all like."""
    assert people.habits is not None
    history, owners = people.history, people.history.owners
    goods, days = history.lengths, np.bincount(owners, people.habits.days, len(people))
    some = np.maximum(days, 1)
    liked = catalogue.facts[history.rows, catalogue.names.index(PEOPLE)] * people.habits.days
    interval = (past.tenure - past.since) / np.maximum(past.visits - 1, 1)
    return {
        "user goods": np.log1p(goods),
        "user days": np.log1p(days),
        "user share again": 1 - goods / some,
        "user since": past.since,
        "user tenure": past.tenure,
        "user visits": np.log1p(past.visits),
        "user interval": interval,
        "user due": past.since / np.maximum(interval, 1),
        "user taste for the popular": np.bincount(owners, liked, len(people)) / some,
    }


def _of_entries(people: UserBatch, habits: Habits, past: _Past) -> Columns:
    """The person and the item together, of each item that they had; and what holds of all others."""
    days = habits.days.astype(np.float64)
    interval = np.where(days > 1, (past.first - past.last) / np.maximum(days - 1, 1), np.nan)
    measured = {
        "own since": past.last,
        "own since first": past.first,
        "own interval": interval,
        "own due": past.last / np.maximum(interval, 1),
        "own since the person's last": past.last - past.since[people.history.owners],
    }
    counted = {
        "own days": days,
        "own share of visits": days / np.maximum(past.visits[people.history.owners], 1),
    }
    frequency = {"own": np.log(np.append(people.frequencies.astype(np.float64), 0.0) + _LEAST)}
    return (
        frequency
        | {name: np.append(values, np.nan) for name, values in measured.items()}
        | {name: np.append(values, 0.0) for name, values in counted.items()}
    )

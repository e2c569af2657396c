"""Everything that is known of a candidate when its place in a list is decided: what people did, as of a day.

Serving has these numbers for one person, from the online store and from an artefact's files; training has
them for all people of a past window. Both call `features`, and neither can give it anything younger.

The day is the catalogue's, or a person's own last one where that is later: no clock is asked, so the same
person and artefact give the same list at any time.

Shapes: U users, D candidates each, n entries of all histories, N neighbours of an item.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged
from recolake.ranking.rerank import Terms
from recolake.ranking.second_stage.catalogue import PEOPLE, Catalogue
from recolake.ranking.second_stage.shortlist import Shortlist
from recolake.ranking.users import Habits, UserBatch

# Named numbers [U, D], or [U, 1] where all candidates have the same; NaN where there is nothing to measure.
Columns = dict[str, npt.NDArray[np.floating]]
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


def features(
    catalogue: Catalogue, vectors: FloatArray, people: UserBatch, found: Terms, listed: Shortlist
) -> FloatArray:
    """[U, D, F] float32: `FEATURES`, and the catalogue's facts after them.

    Args:
        vectors: [I, d] item vectors of the index.
        people: with habits.
    """
    assert people.habits is not None
    rows = np.where(listed.there, listed.pick(found.rows), 0).astype(np.int64)
    own = people.history.find(np.where(listed.there, rows, -1), len(vectors))
    past = _Past.of(people.history, people.habits, catalogue.as_of)
    columns: Columns = {
        **_of_first_stage(vectors, people, found, listed, rows),
        **_of_neighbours(catalogue, people.history, past, rows),
        **_of_people(catalogue, people, past),
        **_of_habits(people, past, own),
    }
    table = np.empty((*rows.shape, len(FEATURES) + len(catalogue.names)), dtype=np.float32)
    for number, name in enumerate(FEATURES):
        table[:, :, number] = columns[name]
    table[:, :, len(FEATURES) :] = catalogue.facts[rows]
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


def _of_first_stage(
    vectors: FloatArray, people: UserBatch, found: Terms, listed: Shortlist, rows: IntArray
) -> Columns:
    """What decided so far, and the place that it gave."""
    return {
        "first stage": listed.score,
        "place": np.arange(rows.shape[1], dtype=np.float32)[None],
        "vector": listed.pick(found.vector).astype(np.float32),
        "affinity": np.matmul(vectors[rows], people.vectors[:, :, None])[:, :, 0],
        "popular now": listed.pick(found.popularity).astype(np.float32),
        "own": np.log(listed.pick(found.own).astype(np.float64) + _LEAST),
    }


def _of_neighbours(catalogue: Catalogue, history: Ragged, past: _Past, rows: IntArray) -> Columns:
    """How near a candidate is to what its person took, all of it counted alike, and the later the more."""
    near = catalogue.neighbours[rows]
    users, depth, width = near.shape
    places = history.find(near.reshape(users, -1), len(catalogue.facts)).ravel()
    met = np.flatnonzero(places >= 0)
    candidate, entry = met // max(width, 1), places[met]
    nearness = catalogue.nearness[rows].ravel()[met].astype(np.float64)
    spoken = {"near": np.ones(len(history.rows))}
    ages = past.last - past.since[history.owners]
    spoken |= {f"near {life:g} days": np.exp2(-ages / life) for life in _HALF_LIVES}
    columns: Columns = {}
    for name, loud in spoken.items():
        whole = np.bincount(history.owners, loud, users)
        each = loud / np.maximum(whole, _LEAST)[history.owners]
        summed: _Double = np.bincount(candidate, nearness * each[entry], users * depth).astype(np.float64)
        columns[name] = summed.reshape(users, depth)
    return columns


def _of_people(catalogue: Catalogue, people: UserBatch, past: _Past) -> Columns:
    """How much they take, how often, when they are due, and whether they like what all like."""
    assert people.habits is not None
    history, owners = people.history, people.history.owners
    goods, days = history.lengths, np.bincount(owners, people.habits.days, len(people))
    some = np.maximum(days, 1)
    liked = catalogue.facts[history.rows, catalogue.names.index(PEOPLE)] * people.habits.days
    interval = (past.tenure - past.since) / np.maximum(past.visits - 1, 1)
    found: Columns = {
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
    return {name: column[:, None] for name, column in found.items()}


def _of_habits(people: UserBatch, past: _Past, own: IntArray) -> Columns:
    """The person and the item together; `own` [U, D] is where the item is in the history, or -1."""
    assert people.habits is not None
    days = people.habits.days.astype(np.float64)
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
    # A place of -1 is the last one: what holds where the person never had the item.
    return {
        **{name: np.append(values, np.nan)[own] for name, values in measured.items()},
        **{name: np.append(values, 0.0)[own] for name, values in counted.items()},
    }

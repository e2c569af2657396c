"""Item rows per user, of different lengths, and the question whether a user has a row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray

# Of the table that tells what is surely not there: places for each key that is.
_ROOM = 16
# Up to so many possible keys of a user, and of all together, a table of them costs less than to search.
_MOST_PLACES_OF_ONE, _MOST_PLACES = 1 << 17, 1 << 22


@dataclass(frozen=True)
class Ragged:
    """Rows of U users: user u's are `rows[offsets[u]:offsets[u + 1]]`, each at most once."""

    offsets: IntArray
    rows: IntArray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def lengths(self) -> IntArray:
        return np.diff(self.offsets)

    @property
    def longest(self) -> int:
        return int(self.lengths.max(initial=0))

    @cached_property
    def owners(self) -> IntArray:
        """User of each row."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def slice(self, start: int, stop: int) -> Ragged:
        """Users start..stop-1."""
        stop = min(stop, len(self))
        low, high = self.offsets[start], self.offsets[stop]
        return Ragged(self.offsets[start : stop + 1] - low, self.rows[low:high])

    def take(self, users: IntArray) -> Ragged:
        """These users, in this order."""
        offsets = np.concatenate([[0], np.cumsum(self.lengths[users])])
        return Ragged(offsets, self.rows[self.places(users)])

    def places(self, users: IntArray) -> IntArray:
        """Positions in `rows` of all that belongs to these users, one user after the other."""
        lengths = self.lengths[users]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places: IntArray = np.repeat(self.offsets[users], lengths) + within
        return places

    def padded(self, filler: int) -> IntArray:
        """The rows as a matrix [U, longest]."""
        matrix = np.full((len(self), self.longest), filler, dtype=np.int64)
        matrix[np.arange(matrix.shape[1]) < self.lengths[:, None]] = self.rows
        return matrix

    def find(self, wanted: npt.NDArray[np.integer], count: int) -> IntArray:
        """Position in `rows` of each (user, wanted row) of a matrix [U, C]; -1 where the user lacks it.

        `count` is larger than every row.
        """
        if not len(self.rows):
            return np.full(wanted.shape, -1, dtype=np.int64)
        keys = self._keys.get(count)
        if keys is None:
            pairs, room = self.owners * (count + 1) + self.rows, len(self) * (count + 1)
            few = count < _MOST_PLACES_OF_ONE and room <= _MOST_PLACES
            keys = self._keys[count] = _Table.of(pairs, room) if few else _Keys.of(pairs)
        # No user has row `count`, the last place of each: a wanted -1 asks for that of the user before.
        asked = (np.arange(len(wanted))[:, None] * (count + 1) + wanted).ravel()
        return keys.find(asked).reshape(wanted.shape)

    @cached_property
    def _keys(self) -> dict[int, _Table | _Keys]:
        """Of (user, row) by `count`: one answer asks for several matrices in the same rows."""
        return {}


@dataclass(frozen=True, slots=True)
class _Table:
    """Keys of which so few are possible that each has its place: those of some people and a usual shop.

    Attributes:
        places: [all possible keys] where each stands; -1 for those that are not there, the last among them.
    """

    places: npt.NDArray[np.int32]

    @classmethod
    def of(cls, keys: IntArray, room: int) -> _Table:
        places = np.full(room, -1, dtype=np.int32)
        places[keys] = np.arange(len(keys), dtype=np.int32)
        return cls(places)

    def find(self, asked: IntArray) -> IntArray:
        """Where each of these [m] stands; -1 for those that are not there."""
        return self.places.take(asked).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Keys [n], ready to be found.

    Most of what is asked for is not there. A table of the keys' last bits tells that of nearly all, and at
    once.

    Attributes:
        ordered, order: the keys, ascending, and where each stood.
        marked: [a power of two] whether any key ends in these bits.
    """

    ordered: IntArray
    order: IntArray
    marked: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, keys: IntArray) -> _Keys:
        order = np.argsort(keys, kind="stable")
        marked = np.zeros(1 << int(_ROOM * len(keys)).bit_length(), dtype=np.bool_)
        marked[keys & (len(marked) - 1)] = True
        return cls(keys[order], order, marked)

    def find(self, asked: IntArray) -> IntArray:
        """Where each of these [m] stood; -1 for those that are not there."""
        likely = np.flatnonzero(self.marked[asked & (len(self.marked) - 1)])
        place = np.minimum(np.searchsorted(self.ordered, asked[likely]), len(self.ordered) - 1)
        found = np.full(len(asked), -1, dtype=np.int64)
        found[likely] = np.where(self.ordered[place] == asked[likely], self.order[place], -1)
        return found

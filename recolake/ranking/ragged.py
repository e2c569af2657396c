"""Item rows per user, of different lengths, and the question whether a user has a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recolake.ranking.items import IntArray


@dataclass(frozen=True)
class Ragged:
    """Rows of U users: user u's are `rows[offsets[u]:offsets[u + 1]]`, each at most once."""

    offsets: IntArray
    rows: IntArray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> IntArray:
        return np.diff(self.offsets)

    @property
    def longest(self) -> int:
        return int(self.lengths.max(initial=0))

    @property
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

    def find(self, wanted: IntArray, count: int) -> IntArray:
        """Position in `rows` of each (user, wanted row) of a matrix [U, C]; -1 where the user lacks it.

        `count` is larger than every row.
        """
        if not len(self.rows):
            return np.full(wanted.shape, -1, dtype=np.int64)
        keys = self.owners * (count + 1) + self.rows
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        asked = np.arange(len(wanted))[:, None] * (count + 1) + np.where(wanted < 0, count, wanted)
        place = np.minimum(np.searchsorted(ordered, asked), len(keys) - 1)
        return np.where(ordered[place] == asked, order[place], -1)

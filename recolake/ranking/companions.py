"""Which items were taken together: for each item of an index those that came with it most, at one visit.

A file of an artefact that not every one has: a model whose people never took two things on one day has none.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recolake.errors import ArtifactError
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray

COMPANIONS_FILE = "companions.npz"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Companions:
    """Of I items: item r's companions are entries `offsets[r]` to `offsets[r + 1]`, best first.

    Attributes:
        items: [n] rows of the index.
        visits: [n] at how many visits both were taken.
        scores: [n] float32, above 0 and at most 1: `visits` over the geometric mean of the visits at which
            either was (Ochiai 1957).
    """

    offsets: IntArray
    items: npt.NDArray[np.integer]
    visits: npt.NDArray[np.integer]
    scores: FloatArray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def with_unmet(self, count: int) -> Companions:
        """The same for an index with so many items more at its end, that nobody took."""
        ends = np.full(count, self.offsets[-1], dtype=np.int64)
        return Companions(np.concatenate([self.offsets, ends]), self.items, self.visits, self.scores)

    def beside(self, rows: IntArray) -> FloatArray:
        """[I] every item's mean score over these items; 0 where it was taken with none of them."""
        found = np.zeros(len(self), dtype=np.float32)
        for row in rows.tolist():
            own = self._entries(row)
            found[self.items[own]] += self.scores[own] / np.float32(len(rows))
        return found

    def parts(self, rows: IntArray, wanted: IntArray) -> npt.NDArray[np.float64]:
        """[k, n] what each of n items adds to those means of k wanted ones."""
        found = np.zeros((len(wanted), len(rows)))
        for column, row in enumerate(rows.tolist()):
            own = self._entries(row)
            place, at = np.nonzero(wanted[:, None] == self.items[own])
            found[place, column] = self.scores[own][at] / len(rows)
        return found

    def _entries(self, row: int) -> slice:
        return slice(int(self.offsets[row]), int(self.offsets[row + 1]))

    def to_bytes(self) -> bytes:
        """As named arrays."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            allow_pickle=False,
            offsets=self.offsets.astype(np.int64),
            items=self.items.astype(np.int32),
            visits=self.visits.astype(np.int32),
            scores=self.scores.astype(np.float32),
        )
        return buffer.getvalue()

    @classmethod
    def open(cls, path: Path, count: int) -> Companions:
        """Of an artefact of so many items.

        Raises:
            ArtifactError: it cannot be read, or does not fit the artefact.
        """
        try:
            with np.load(path, allow_pickle=False) as held:
                found = cls(*(held[name] for name in ("offsets", "items", "visits", "scores")))
            fits = found._fits(count)
        except _UNREADABLE as error:
            raise ArtifactError(f"The companions in {path} cannot be read.") from error
        if not fits:
            raise ArtifactError(f"The companions in {path} do not fit the index.")
        return found

    def _fits(self, count: int) -> bool:
        entries = len(self.items)
        ends = len(self.offsets) == count + 1 and self.offsets[0] == 0 and self.offsets[-1] == entries
        known = not entries or (self.items.min() >= 0 and self.items.max() < count)
        sound = bool(((self.scores > 0) & (self.scores <= 1 + 1e-6)).all() and (self.visits > 0).all())
        alike = self.visits.shape == self.scores.shape == self.items.shape
        return bool(ends and known and sound and alike and (np.diff(self.offsets) >= 0).all())

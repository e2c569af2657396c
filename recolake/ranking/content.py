"""What vectors of items without history were made from: features of their content, each with a vector.

The last items of an index are those that nobody had met when the model was trained. The vector of each is a
sum over its features, so that its affinity to a person is exactly a sum over them, too.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.errors import ArtifactError
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray

CONTENT_FILE = "content.npz"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Content:
    """Of c items: vector = base + sum over the item's features of value times the feature's vector.

    Attributes:
        names: [f] of the features, such as `category=garden`.
        weights: [f, d] float32, a vector each.
        base: [d] float32, what every item has.
        offsets: [c + 1] where each item's entries begin.
        features: [n] which features they are.
        values: [n] float32.
    """

    names: tuple[str, ...]
    weights: FloatArray
    base: FloatArray
    offsets: IntArray
    features: IntArray
    values: FloatArray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def vectors(self) -> FloatArray:
        """[c, d]"""
        owners = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        found = np.tile(self.base, (len(self), 1))
        np.add.at(found, owners, self.weights[self.features] * self.values[:, None])
        return found

    def most(self, item: int, person: FloatArray, count: int) -> list[tuple[str, float]]:
        """The features that speak most for an item, with their parts of its affinity; only what does so.

        Args:
            item: counted from the first of the c items.
            person: [d] vector.
        """
        own = slice(int(self.offsets[item]), int(self.offsets[item + 1]))
        parts = self.values[own] * (self.weights[self.features[own]] @ person)
        best = np.argsort(-parts, kind="stable")[:count]
        return [(self.names[self.features[own][at]], float(parts[at])) for at in best if parts[at] > 0]

    def to_bytes(self) -> bytes:
        """As an archive of plain arrays."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            allow_pickle=False,
            names=np.array(self.names, dtype=np.str_),
            weights=self.weights.astype(np.float32),
            base=self.base.astype(np.float32),
            offsets=self.offsets.astype(np.int64),
            features=self.features.astype(np.int64),
            values=self.values.astype(np.float32),
        )
        return buffer.getvalue()

    @classmethod
    def open(cls, path: Path, vectors: FloatArray) -> Content:
        """Of an artefact whose last vectors [c, d] it must give.

        Raises:
            ArtifactError: it cannot be read, or gives others.
        """
        try:
            with np.load(path, allow_pickle=False) as held:
                names: Sequence[str] = held["names"].tolist()
                arrays: list[npt.NDArray[Any]] = [
                    held[name] for name in ("weights", "base", "offsets", "features", "values")
                ]
            found = cls(tuple(names), *arrays)
            same = found._is_sound() and np.allclose(found.vectors, vectors, atol=_scale(vectors))
        except (*_UNREADABLE, IndexError) as error:
            raise ArtifactError(f"The content in {path} cannot be read.") from error
        if not same:
            raise ArtifactError(f"The content in {path} does not give the vectors of the index.")
        return found

    def _is_sound(self) -> bool:
        ends = len(self.offsets) > 0 and self.offsets[0] == 0 and self.offsets[-1] == len(self.features)
        within = not len(self.features) or (
            self.features.min() >= 0 and self.features.max() < len(self.names)
        )
        finite = all(np.isfinite(part).all() for part in (self.weights, self.base, self.values))
        return bool(
            ends
            and within
            and finite
            and (np.diff(self.offsets) >= 0).all()
            and self.values.shape == self.features.shape
            and self.weights.shape == (len(self.names), len(self.base))
        )


def _scale(vectors: FloatArray) -> float:
    return _TOLERANCE * float(np.abs(vectors).max(initial=1e-9))

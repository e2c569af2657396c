"""The map from what is said of an item to its vector, in the artefact: for items that came after training.

It is the same ridge regression that placed the items that nobody had met (docs/adr/0031), emphasis included.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from recolake.errors import ArtifactError
from recolake.ranking.describe import Column, columns_from_json, columns_to_json, encode
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray

PLACEMENT_FILE = "placement.npz"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Placement:
    """vector = base + sum over an item's features of value times the feature's vector.

    Attributes:
        columns: how features are made.
        features: [m] those that something was learnt of, ascending.
        weights: [m, d] float32, a vector each.
        base: [d] float32, what every item has.
    """

    columns: tuple[Column, ...]
    features: IntArray
    weights: FloatArray
    base: FloatArray

    @cached_property
    def _row_of(self) -> dict[int, int]:
        return {feature: row for row, feature in enumerate(self.features.tolist())}

    def vector(self, attributes: Mapping[str, str]) -> FloatArray | None:
        """[d] of an item; None where nothing is said of it that the map learnt anything of."""
        held = [
            (self._row_of[feature], value)
            for feature, value in encode(self.columns, attributes).items()
            if feature in self._row_of
        ]
        if not held:
            return None
        rows, values = zip(*held, strict=True)
        found: FloatArray = self.base + np.asarray(values, dtype=np.float32) @ self.weights[list(rows)]
        return found.astype(np.float32)

    def to_bytes(self) -> bytes:
        """As an archive of plain arrays."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            allow_pickle=False,
            columns=np.array(columns_to_json(self.columns)),
            features=self.features.astype(np.int64),
            weights=self.weights.astype(np.float32),
            base=self.base.astype(np.float32),
        )
        return buffer.getvalue()

    @classmethod
    def open(cls, path: Path, dimension: int) -> Placement:
        """Of an artefact whose vectors have so many numbers.

        Raises:
            ArtifactError: it cannot be read, or does not fit.
        """
        try:
            with np.load(path, allow_pickle=False) as held:
                columns = columns_from_json(str(held["columns"]))
                found = cls(columns, held["features"], held["weights"], held["base"])
            sound = found._is_sound(dimension)
        except _UNREADABLE as error:
            raise ArtifactError(f"The placement of new items in {path} cannot be read.") from error
        if not sound:
            raise ArtifactError(f"The placement of new items in {path} does not fit the index.")
        return found

    def _is_sound(self, dimension: int) -> bool:
        count = sum(len(column) for column in self.columns)
        features = self.features
        ordered = bool((np.diff(features) > 0).all()) and (
            not len(features) or (features[0] >= 0 and features[-1] < count)
        )
        finite = bool(np.isfinite(self.weights).all() and np.isfinite(self.base).all())
        fits = self.weights.shape == (len(features), dimension) and self.base.shape == (dimension,)
        return ordered and finite and fits

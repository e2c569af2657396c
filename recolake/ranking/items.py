"""The items of an artefact: their ids, and what an answer says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.errors import ArtifactError
from recolake.expressions.table import AttributeTable

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Items:
    """Rows of the index in order: row r of every per-item array is `ids[r]`."""

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    attributes: tuple[Mapping[str, str], ...]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def row_of(self) -> dict[str, int]:
        return {item: row for row, item in enumerate(self.ids)}

    @cached_property
    def table(self) -> AttributeTable:
        """What expressions can be asked about these items; made when first asked for."""
        return AttributeTable(self.ids, self.titles, self.attributes)

    def rows(self, ids: Sequence[str]) -> IntArray:
        """Row of each id; -1 where the index does not know it."""
        row_of = self.row_of
        return np.array([row_of.get(item, -1) for item in ids], dtype=np.int64)

    def to_json(self) -> bytes:
        content = {"ids": self.ids, "titles": self.titles, "attributes": [dict(a) for a in self.attributes]}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Items:
        """Raises ArtifactError where the content is not a list of items, each once."""
        try:
            found: dict[str, Any] = json.loads(content)
            items = cls(tuple(found["ids"]), tuple(found["titles"]), tuple(found["attributes"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError("The artefact's item list cannot be read.") from error
        if not len(items.ids) == len(items.titles) == len(items.attributes) == len(set(items.ids)):
            raise ArtifactError("The artefact's item list contradicts itself.")
        return items

"""What a model made each person's vector from: their items, and with how much weight.

A file of an artefact, mapped into memory and not read until somebody asks for an explanation.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recolake.errors import ArtifactError
from recolake.ranking.popularity import FloatArray

EVIDENCE_FILE = "evidence.arrow"
# Which of the two ways it is; files from before there was a second have the first alone.
_REGULARIZATION, _SUM = b"regularization", b"weighted_sum"
_SCHEMA = pa.schema(
    [
        pa.field("user_id", pa.string()),
        pa.field("items", pa.list_(pa.int32())),
        pa.field("confidence", pa.list_(pa.float32())),
    ]
)


@dataclass(frozen=True)
class Evidence:
    """Items of U people from which their vectors were made, in one of two ways.

    By least squares, as in matrix factorisation (Hu et al., ICDM 2008); or, where there is no regularization,
    as the sum of the vectors of the items, each times its weight, as in a linear filter of histories.

    Attributes:
        ids: [U] pseudonyms, sorted.
        offsets: [U + 1] where each person's entries begin.
        items: [n] rows of the index.
        confidence: [n] float32, what an entry has above the 1 of every item that the person has not; or its
            weight in the sum.
        regularization: what the least-squares problem adds to its diagonal; None for a sum.
    """

    ids: pa.StringArray
    offsets: npt.NDArray[np.int32]
    items: npt.NDArray[np.int32]
    confidence: FloatArray
    regularization: float | None

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        offsets: npt.NDArray[np.integer],
        items: npt.NDArray[np.integer],
        confidence: npt.NDArray[np.floating],
        regularization: float | None,
    ) -> Evidence:
        """From the parts of a sparse matrix by person; `ids` are sorted."""
        return cls(
            pa.array(ids, pa.string()),
            offsets.astype(np.int32),
            items.astype(np.int32),
            confidence.astype(np.float32),
            regularization,
        )

    def of_person(self, pseudonym: str) -> tuple[npt.NDArray[np.int32], FloatArray] | None:
        """Rows of the index and confidences; None for somebody the model does not know."""
        place = bisect_left(range(len(self.ids)), pseudonym, key=lambda row: self.ids[row].as_py())
        if place == len(self.ids) or self.ids[place].as_py() != pseudonym:
            return None
        own = slice(int(self.offsets[place]), int(self.offsets[place + 1]))
        return self.items[own], self.confidence[own]

    @cached_property
    def typical(self) -> float:
        """The median confidence of all entries; 1 where there are none."""
        return float(np.median(self.confidence)) if len(self.confidence) else 1.0

    @cached_property
    def _most(self) -> FloatArray:
        """[up to the last item that anybody has] the largest confidence in each."""
        found = np.zeros(int(self.items.max(initial=-1)) + 1, dtype=np.float32)
        np.maximum.at(found, self.items, self.confidence)
        return found

    def strongest(self, rows: npt.NDArray[np.integer]) -> FloatArray:
        """[n] the largest confidence that anybody has in each item; the typical one where nobody has it."""
        held = rows < len(self._most)
        found = np.zeros(len(rows), dtype=np.float32)
        found[held] = self._most[rows[held]]
        return np.where(found > 0, found, np.float32(self.typical))

    def to_bytes(self) -> bytes:
        """As an Arrow file: one batch, a row a person."""
        offsets = pa.array(self.offsets)
        columns = [self.ids] + [
            pa.ListArray.from_arrays(offsets, pa.array(values)) for values in (self.items, self.confidence)
        ]
        exact = repr(self.regularization).encode()
        way = {_SUM: b""} if self.regularization is None else {_REGULARIZATION: exact}
        schema = _SCHEMA.with_metadata(way)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, schema) as file:
            file.write_batch(pa.record_batch(columns, schema=schema))
        content: bytes = sink.getvalue().to_pybytes()
        return content

    @classmethod
    def open(cls, path: Path, users: int, items: int) -> Evidence:
        """Map a file of an artefact with so many people and items.

        Raises:
            ArtifactError: it cannot be read, or does not fit the artefact.
        """
        try:
            found = cls._read(path)
        except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"The evidence in {path} cannot be read.") from error
        if not found._fits(users, items):
            raise ArtifactError(f"The evidence in {path} does not fit the index.")
        return found

    @classmethod
    def _read(cls, path: Path) -> Evidence:
        with pa.memory_map(str(path)) as mapped, pa.ipc.open_file(mapped) as file:
            if not file.schema.equals(_SCHEMA) or file.num_record_batches != 1:
                raise ValueError("another form")
            batch = file.get_batch(0)
            said = file.schema.metadata or {}
            regularization = None if _SUM in said else float(said[_REGULARIZATION])
        batch.validate(full=True)
        items, confidence = batch.column("items"), batch.column("confidence")
        if batch.num_rows and any(column.null_count for column in batch.columns):
            raise ValueError("something is missing")
        if not items.offsets.equals(confidence.offsets):
            raise ValueError("items and confidences of different lengths")
        return cls(
            batch.column("user_id"),
            items.offsets.to_numpy(),
            items.values.to_numpy(),
            confidence.values.to_numpy(),
            regularization,
        )

    def _fits(self, users: int, items: int) -> bool:
        sorted_once = len(self.ids) < 2 or pc.all(pc.less(self.ids[:-1], self.ids[1:])).as_py()
        known = not len(self.items) or (self.items.min() >= 0 and self.items.max() < items)
        sound = bool(np.isfinite(self.confidence).all() and (self.confidence >= 0).all())
        solvable = self.regularization is None or self.regularization > 0
        return bool(len(self.ids) == users and sorted_once and known and sound and solvable)

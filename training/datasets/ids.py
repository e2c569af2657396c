"""A column of ids as small whole numbers, so that no row needs a text of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recolake.ranking.items import IntArray

StrArray = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Ids:
    """n ids, some of them the same.

    Attributes:
        values: the distinct ones, sorted.
        codes: [n] position of each in `values`.
    """

    values: StrArray
    codes: IntArray

    @classmethod
    def of(cls, texts: Sequence[str] | StrArray) -> Ids:
        """From texts in any order."""
        values, codes = np.unique(np.asarray(texts, dtype=np.str_), return_inverse=True)
        return cls(values, codes.astype(np.int64))

    @classmethod
    def of_arrow(cls, column: pa.ChunkedArray) -> Ids:
        """From a column of texts without NULLs; only the distinct ones ever become Python's."""
        encoded = pc.dictionary_encode(column).unify_dictionaries()
        if not encoded.num_chunks:
            return cls.of([])
        found = Ids.of(encoded.chunk(0).dictionary.to_pylist())
        places = [chunk.indices.to_numpy() for chunk in encoded.chunks]
        return cls(found.values, found.codes[np.concatenate(places)])

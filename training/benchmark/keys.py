"""Sets of whole numbers as sorted arrays: NumPy's own sets hash, which costs a second a million."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray


def distinct(keys: IntArray) -> IntArray:
    """Sorted, each once."""
    ordered = np.sort(keys)
    new = np.ones(len(ordered), dtype=np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def among(asked: IntArray, known: IntArray) -> npt.NDArray[np.bool_]:
    """Whether each one asked about, in any shape, is among the sorted known ones."""
    if not len(known):
        return np.zeros(asked.shape, dtype=np.bool_)
    place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.asarray(known[place] == asked, dtype=np.bool_)

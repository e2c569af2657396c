"""The best of candidates, in order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.pick import pick
from recolake.ranking.popularity import FloatArray

_SIGN = np.uint32(1 << 31)


def best_first(scores: FloatArray, place: npt.NDArray[np.integer], count: int) -> IntArray:
    """[U, at most count] columns of the best scores [U, C]; of equal ones the smaller `place` [U, C] first.

    What `np.lexsort` gives, but of two keys in one number only as many are put in order as are asked for.
    """
    keys = _keys(scores, place)
    if count >= keys.shape[1]:
        return np.argsort(keys, axis=1)
    some: IntArray = np.argpartition(keys, count, axis=1)[:, :count]
    return pick(some, np.argsort(pick(keys, some), axis=1))


def _keys(scores: FloatArray, place: npt.NDArray[np.integer]) -> npt.NDArray[np.uint64]:
    """[U, C] that ascend as scores descend, and among equal scores as places ascend."""
    # Bits of floats ascend with them, those of negative ones the other way; there are two zeros.
    bits = (np.float32(0) - scores.astype(np.float32, copy=False)).view(np.uint32)
    bits = np.where(bits & _SIGN, ~bits, bits | _SIGN)
    return (bits.astype(np.uint64) << np.uint64(32)) | place.astype(np.uint64)

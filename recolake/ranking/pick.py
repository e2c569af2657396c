"""Values of chosen candidates."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray

Scalar = TypeVar("Scalar", bound=np.generic)


def pick(values: npt.NDArray[Scalar], places: IntArray) -> npt.NDArray[Scalar]:
    """[U, D] of values [U, C], by each user's places [U, D] among them.

    What `np.take_along_axis` gives along the second axis, without its preparation: with one person's arrays
    that is most of its time, and an answer picks a dozen times.
    """
    found: npt.NDArray[Scalar] = values[np.arange(len(values))[:, None], places]
    return found

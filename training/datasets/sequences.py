"""What every user did, one item after the other."""

from __future__ import annotations

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.ragged import Ragged
from training.datasets.interactions import MICROSECONDS_A_DAY, NEVER, Interactions


def sequences(interactions: Interactions) -> Ragged:
    """Items of each user, the oldest first; an item of several days comes once for each of them.

    Of one day, interest comes before what was taken; of one moment, the smaller item comes first.
    """
    began = interactions.day * MICROSECONDS_A_DAY
    moment = np.where(interactions.taken_at > NEVER, interactions.taken_at, began)
    order = np.lexsort((interactions.item, moment, interactions.user))
    offsets = np.zeros(interactions.shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(interactions.user, minlength=interactions.shape[0]), out=offsets[1:])
    return Ragged(offsets, interactions.item[order])


def ages(found: Ragged) -> IntArray:
    """[n] how many items of the same user come after each one."""
    after: IntArray = np.repeat(found.offsets[1:], found.lengths) - 1 - np.arange(len(found.rows))
    return after

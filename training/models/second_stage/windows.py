"""Windows of the past to learn from: what was known before each, and what happened in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.ragged import Ragged
from training.datasets.interactions import NEVER, Interactions
from training.datasets.split import window_days


@dataclass(frozen=True)
class Window:
    """A question with its answer.

    Attributes:
        past: every entry before the window, of all users and items; some of them have none.
        as_of: the last day before the window.
        taken: items that each user took within it.
    """

    past: Interactions
    as_of: int
    taken: Ragged


def windows(interactions: Interactions, as_of: int, most: int) -> Iterator[Window]:
    """At most `most` windows that do not overlap, the latest first.

    Each is as long as the window on which a model is measured (`training.datasets.split`), and leaves at
    least its own length before it.
    """
    if not len(interactions):
        return
    length = window_days(interactions.first_day, as_of)
    for number in range(most):
        last = as_of - number * length
        first = last - length + 1
        if first - interactions.first_day < length:
            return
        inside = (interactions.day >= first) & (interactions.day <= last)
        taken = kept(interactions, inside & (interactions.taken_at > NEVER))
        yield Window(kept(interactions, interactions.day < first), first - 1, _items(taken))


def kept(interactions: Interactions, chosen: npt.NDArray[np.bool_]) -> Interactions:
    """Some entries, of the same users and items: positions stay what they are."""
    return Interactions(
        interactions.user_ids,
        interactions.item_ids,
        interactions.user[chosen],
        interactions.item[chosen],
        interactions.day[chosen],
        interactions.weight[chosen],
        interactions.taken_at[chosen],
    )


def _items(found: Interactions) -> Ragged:
    """Distinct items of each user; entries are sorted by user and item."""
    starts = found.pair_starts if len(found) else np.empty(0, dtype=np.int64)
    user: IntArray = found.user[starts]
    offsets = np.zeros(found.shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(user, minlength=found.shape[0]), out=offsets[1:])
    return Ragged(offsets, found.item[starts])

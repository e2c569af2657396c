"""What the ranker is told of people: as `gold.user_features` has it after a given day."""

from __future__ import annotations

import numpy as np

from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged
from recolake.ranking.users import HISTORY_HALF_LIFE_DAYS, HISTORY_LENGTH, Habits, UserBatch
from training.datasets.interactions import NEVER, Interactions


def histories(interactions: Interactions, as_of: int) -> tuple[Ragged, FloatArray]:
    """Rows of what every user took, at most the newest 500, and the decayed weight of all they did with it.

    Of two items taken at the same moment, the one with the later id is the newer, as in `gold.user_features`.
    """
    starts, users = interactions.pair_starts, interactions.shape[0]
    taken_at = np.maximum.reduceat(interactions.taken_at, starts)
    weight = np.add.reduceat(interactions.decayed(as_of, HISTORY_HALF_LIFE_DAYS), starts)
    held = np.flatnonzero(taken_at > NEVER)
    user, item = interactions.user[starts[held]], interactions.item[starts[held]]
    lengths = np.bincount(user, minlength=users)

    newest = np.lexsort((-item, -taken_at[held], user))
    age = np.empty(len(held), dtype=np.int64)
    age[newest] = np.arange(len(held)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    kept = age < HISTORY_LENGTH

    offsets = np.zeros(users + 1, dtype=np.int64)
    np.cumsum(np.minimum(lengths, HISTORY_LENGTH), out=offsets[1:])
    return Ragged(offsets, item[kept]), weight[held[kept]].astype(np.float32)


def habits(interactions: Interactions, rows: Ragged) -> Habits:
    """When each user took each item of these histories."""
    taken, items = interactions.taken_at > NEVER, interactions.shape[1]
    # Entries are sorted by user, item and day.
    keys, starts, days = np.unique(
        interactions.user[taken] * items + interactions.item[taken], return_index=True, return_counts=True
    )
    day, place = interactions.day[taken], np.searchsorted(keys, rows.owners * items + rows.rows)
    return Habits(days, day[starts], day[starts + days - 1]).at(place)


def user_batch(interactions: Interactions, as_of: int, vectors: FloatArray) -> UserBatch:
    """All users, with their vectors [U, d]."""
    rows, weights = histories(interactions, as_of)
    return UserBatch(
        vectors, np.ones(len(vectors), dtype=np.bool_), rows, weights, habits(interactions, rows)
    )

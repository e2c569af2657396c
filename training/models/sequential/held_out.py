"""What early stopping looks at: the last items of some users, which training does not see."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged
from training.evaluation.metrics import ndcg

_NDCG_AT = 10
# With fewer, nothing is left to learn from.
_SHORTEST = 3
_LARGEST_SHARE, _MOST_USERS = 0.1, 2_000
_BLOCK = 512


def held_out(walked: Ragged, seed: int) -> IntArray:
    """[U] 1 for users whose last item is held out, else 0: a tenth of those with enough, at most 2,000."""
    able = np.flatnonzero(walked.lengths >= _SHORTEST)
    count = min(int(len(able) * _LARGEST_SHARE), _MOST_USERS)
    chosen = np.zeros(len(walked), dtype=np.int64)
    chosen[np.random.default_rng(seed).choice(able, count, replace=False)] = 1
    return chosen


def foreseen(scores_of: Callable[[int, int], FloatArray], known: Ragged, came: IntArray) -> float:
    """Mean NDCG@10 of the item that came, among all that the user did not know, or came again.

    `scores_of` gives [stop - start, I] of the users from one number to before another; `came` is [U].
    """
    found = []
    for start in range(0, len(came), _BLOCK):
        part = known.slice(start, start + _BLOCK)
        wanted = came[start : start + _BLOCK, None]
        scores = scores_of(start, min(start + _BLOCK, len(came)))
        of_wanted = np.take_along_axis(scores, wanted, axis=1)
        scores[part.owners, part.rows] = -np.inf
        np.put_along_axis(scores, wanted, of_wanted, axis=1)
        # Of equal scores, half stand before.
        before = (scores > of_wanted).sum(axis=1) + ((scores == of_wanted).sum(axis=1) - 1) // 2
        found.append(before)
    place = np.concatenate(found)
    hit = np.arange(_NDCG_AT) == place[:, None]
    return float(ndcg(hit, np.ones(len(place), dtype=np.int64), _NDCG_AT).mean())

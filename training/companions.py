"""Which items people take together, counted over visits: all that one person took on one day."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recolake.ranking.companions import Companions
from recolake.ranking.items import IntArray
from training.datasets.interactions import NEVER, Interactions

MOST_COMPANIONS = 20
# What came together once may be chance; who took more than this at once says nothing of what belongs
# together.
_LEAST_VISITS = 2
_MOST_TAKEN = 100
_BLOCK = 4_096


def companions(interactions: Interactions) -> Companions | None:
    """For each item those that were taken at the same visits, best first; None where there are none.

    The score is Ochiai's coefficient (1957), the cosine of two items' columns of visits: an item that
    everybody takes is not everybody's companion.
    """
    visits = _visits(interactions)
    counts = np.asarray(visits.sum(axis=0)).ravel()
    alone = np.asarray(visits.sum(axis=1)).ravel()
    shared = visits[(alone > 1) & (alone <= _MOST_TAKEN)]
    columns, rows = shared.tocsc(), shared.tocsr()
    parts = [
        _best_of_block((columns[:, start : start + _BLOCK].T @ rows).tocoo(), start, counts)
        for start in range(0, shared.shape[1], _BLOCK)
    ]
    owner, item, together, score = (np.concatenate([part[n] for part in parts]) for n in range(4))
    if not len(owner):
        return None
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=shared.shape[1]))])
    return Companions(offsets.astype(np.int64), item, together, score.astype(np.float32))


def _visits(interactions: Interactions) -> sp.csr_matrix:
    """[V, I], 1 where a visit took an item."""
    taken = interactions.taken_at > NEVER
    user, item, day = interactions.user[taken], interactions.item[taken], interactions.day[taken]
    _, visit = np.unique(np.stack([user, day]), axis=1, return_inverse=True)
    visit = visit.ravel()
    shape = (int(visit.max(initial=-1)) + 1, interactions.shape[1])
    return sp.csr_matrix((np.ones(len(item)), (visit, item)), shape=shape)


def _best_of_block(
    pairs: sp.coo_matrix, start: int, counts: np.ndarray
) -> tuple[IntArray, IntArray, IntArray, np.ndarray]:
    """Owners, companions, visits and scores, by owner and best first; of equal ones the first item."""
    owner, item, together = pairs.row + start, pairs.col.astype(np.int64), pairs.data.astype(np.int64)
    kept = (owner != item) & (together >= _LEAST_VISITS)
    owner, item, together = owner[kept], item[kept], together[kept]
    score = together / np.sqrt(counts[owner] * counts[item])
    order = np.lexsort((item, -score, owner))
    owner, item, together, score = owner[order], item[order], together[order], score[order]
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    first = place < MOST_COMPANIONS
    return owner[first].astype(np.int64), item[first], together[first], score[first]

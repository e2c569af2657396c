"""What is held out of the interactions themselves, so that training knows when to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from training.evaluation.metrics import ndcg

# Held out: a tenth of what these users have; of others nothing.
_SHARE = 0.1
_MOST_USERS = 1_000
_FEWEST_ITEMS = 5
_DEPTH = 20


@dataclass(frozen=True)
class HeldOut:
    """Some items of V users.

    Attributes:
        users: [V] rows of the matrix.
        known: what these users had that was not held out: [p] places among the V, and [p] items.
        relevant: [V, I] bool, what was held out.
    """

    users: Tensor
    known: tuple[Tensor, Tensor]
    relevant: Tensor

    def quality(self, users: Tensor, items: Tensor, levels: Sequence[Tensor]) -> list[float]:
        """Mean NDCG@20 of inner products of vectors [U, d] and [I, d] plus each of the levels [I]."""
        scores = users[self.users] @ items.T
        scores[self.known] = -torch.inf
        return [self._ndcg(scores + level) for level in levels]

    def _ndcg(self, scores: Tensor) -> float:
        best = torch.topk(scores, min(_DEPTH, scores.shape[1]), dim=1).indices
        hit, count = self.relevant.gather(1, best), self.relevant.sum(dim=1)
        return float(ndcg(hit.cpu().numpy(), count.cpu().numpy(), _DEPTH).mean())


def held_out(seen: sp.csr_matrix, seed: int, device: torch.device) -> tuple[sp.csr_matrix, HeldOut | None]:
    """The matrix [U, I] of ones without some, and those. None where nobody has enough to spare.

    An item that nobody else has is not held out, for nothing could be learnt of it.
    """
    random = np.random.default_rng([seed, 3])
    able = np.flatnonzero(np.diff(seen.indptr) >= _FEWEST_ITEMS)
    users = np.sort(random.choice(able, min(len(able), _MOST_USERS), replace=False))
    rows = seen[users].tocoo()
    lengths = np.diff(seen.indptr)[users]
    order = np.lexsort((random.random(rows.nnz), rows.row))
    place = np.empty(rows.nnz, dtype=np.int64)
    place[order] = np.arange(rows.nnz) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    out = place < np.maximum(np.round(lengths * _SHARE), 1)[rows.row]
    people = np.bincount(seen.indices, minlength=seen.shape[1])
    out &= (people - np.bincount(rows.col[out], minlength=seen.shape[1]))[rows.col] > 0
    if not out.any():
        return seen, None
    hidden = sp.csr_matrix((np.ones(out.sum()), (users[rows.row[out]], rows.col[out])), shape=seen.shape)
    left = (seen - hidden).tocsr().astype(np.float32)
    left.eliminate_zeros()
    relevant = torch.zeros(len(users), seen.shape[1], dtype=torch.bool)
    relevant[torch.from_numpy(rows.row[out]).long(), torch.from_numpy(rows.col[out]).long()] = True
    kept = (torch.from_numpy(part[~out]).long().to(device) for part in (rows.row, rows.col))
    known_user, known_item = kept
    return left, HeldOut(torch.from_numpy(users).to(device), (known_user, known_item), relevant.to(device))

"""Alternating least squares by a few steps of conjugate gradients, many rows at a time: no loop over rows.

The normal equations of a row with n entries are (G + Y' W Y) x = b: G = Y'Y + regularisation is the same for
all rows, the rest has rank n. Written in the basis in which G is the identity, they are close to it, and two
steps from the vector of the iteration before do what an exact solution does, without a [d, d] system for each
row (Takács, Pilászy and Tikk, RecSys 2011, start from the same idea without the change of basis).

Rows of a sparse matrix are sorted by length and cut into batches of nearly equal length, so that little is
padded. For a batch of B rows with at most L entries and d factors, the work is on a tile [B, L, d] that is
gathered once and fits into a processor's second cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

# Entries of a padded batch: 4 MiB of factors at d = 64, half of it for each of two cores.
_BATCH_ENTRIES = 1 << 14
# Of each side and iteration; of the last, whose vectors are served: to four digits.
_STEPS, _LAST_STEPS = 2, 8


@dataclass(frozen=True)
class Batch:
    """Some rows of a sparse matrix, padded.

    Attributes:
        rows: [B] row numbers.
        columns: [B, L] column numbers, int32; 0 where padded.
        values: [B, L] float32; 0 where padded.
        lengths: [B] entries of each row, int32; what is beyond is padding.
    """

    rows: Tensor
    columns: Tensor
    values: Tensor
    lengths: Tensor

    @property
    def present(self) -> Tensor:
        """[B, L] False where padded."""
        places = torch.arange(self.columns.shape[1], dtype=torch.int32, device=self.columns.device)
        return places < self.lengths[:, None]


def batches(matrix: sp.csr_matrix, device: torch.device) -> list[Batch]:
    """Cut the non-empty rows of a matrix into batches."""
    lengths = np.diff(matrix.indptr)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    found = []
    stop = len(order)
    while stop > 0:
        longest = int(lengths[order[stop - 1]])
        start = max(0, stop - max(1, _BATCH_ENTRIES // longest))
        rows = order[start:stop]
        present = np.arange(longest) < lengths[rows][:, None]
        place = np.where(present, matrix.indptr[rows][:, None] + np.arange(longest), 0)
        columns = np.where(present, matrix.indices[place], 0).astype(np.int32)
        values = np.where(present, matrix.data[place], 0).astype(np.float32)
        parts = (rows.astype(np.int64), columns, values, lengths[rows].astype(np.int32))
        found.append(Batch(*(torch.from_numpy(part).to(device) for part in parts)))
        stop = start
    return found


def solve_side(
    target: Tensor, other: Tensor, side: list[Batch], alpha: float, regularization: float, steps: int
) -> None:
    """Better vectors [n, d] of one side in place, given those of the other [m, d]; d steps would be exact."""
    d = other.shape[1]
    gram = (other.T @ other).to(torch.float64)
    gram += regularization * torch.eye(d, dtype=gram.dtype, device=gram.device)
    lower = torch.linalg.cholesky(gram).to(other.dtype)
    other = torch.linalg.solve_triangular(lower, other.T, upper=False).T.contiguous()
    found = target @ lower
    for batch in side:
        found[batch.rows] = _descend(found[batch.rows], other, batch, alpha, steps)
    target.copy_(torch.linalg.solve_triangular(lower, found, upper=False, left=False))


def _descend(x_bd: Tensor, other: Tensor, batch: Batch, alpha: float, steps: int) -> Tensor:
    """Conjugate gradients for the rows of a batch, where the Gram matrix is the identity."""
    near_bld = other.index_select(0, batch.columns.reshape(-1)).view(*batch.columns.shape, -1)
    near_bdl = near_bld.transpose(1, 2)
    extra_b1l = (alpha * batch.values)[:, None]
    wanted_b1l = extra_b1l + batch.present[:, None]
    x = x_bd[:, None]
    rest = torch.bmm(wanted_b1l - extra_b1l * torch.bmm(x, near_bdl), near_bld) - x
    direction = rest
    size = rest.square().sum(-1, keepdim=True)
    for step in range(steps):
        image = direction + torch.bmm(extra_b1l * torch.bmm(direction, near_bdl), near_bld)
        # A row that is solved has no direction left.
        length = size / (direction * image).sum(-1, keepdim=True).clamp_min(1e-30)
        x = x + length * direction
        if step + 1 < steps:
            rest = rest - length * image
            size, before = rest.square().sum(-1, keepdim=True), size
            direction = rest + size / before.clamp_min(1e-30) * direction
    return x[:, 0]


def factorize(
    matrix: sp.csr_matrix,
    *,
    factors: int,
    alpha: float,
    regularization: float,
    iterations: int,
    seed: int,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """User vectors [U, d] and item vectors [I, d], float32, of a matrix of strengths [U, I].

    The item vectors begin at random, by the seed; an empty row or column ends with zeros.
    """
    generator = torch.Generator().manual_seed(seed)
    users = torch.zeros(matrix.shape[0], factors, device=device)
    items = (torch.randn(matrix.shape[1], factors, generator=generator) / factors**0.5).to(device)
    by_user, by_item = batches(matrix, device), batches(matrix.T.tocsr(), device)
    for _ in range(iterations):
        solve_side(users, items, by_user, alpha, regularization, _STEPS)
        solve_side(items, users, by_item, alpha, regularization, _STEPS)
    # Serving asks with user vectors, so they are the ones that must fit the final item vectors.
    solve_side(users, items, by_user, alpha, regularization, _LAST_STEPS)
    return users, items

"""Alternating least squares, many normal equations at a time: no loop over users or items.

Rows of a sparse matrix are sorted by length and cut into batches of nearly equal length, so that little is
padded. For a batch of B rows with at most L entries and d factors, the systems are [B, d, d], by Cholesky.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

# Entries of a padded batch: 16 MiB of factors at d = 64.
_BATCH_ENTRIES = 1 << 16
# Systems of a batch: 64 MiB at d = 64.
_BATCH_ROWS = 1 << 12


@dataclass(frozen=True)
class Batch:
    """Some rows of a sparse matrix, padded.

    Attributes:
        rows: [B] row numbers.
        columns: [B, L] column numbers; 0 where padded.
        values: [B, L] float32; 0 where padded.
        present: [B, L] float32; 1, or 0 where padded.
    """

    rows: Tensor
    columns: Tensor
    values: Tensor
    present: Tensor


def batches(matrix: sp.csr_matrix, device: torch.device) -> list[Batch]:
    """Cut the non-empty rows of a matrix into batches."""
    lengths = np.diff(matrix.indptr)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    found = []
    stop = len(order)
    while stop > 0:
        longest = int(lengths[order[stop - 1]])
        start = max(0, stop - max(1, min(_BATCH_ROWS, _BATCH_ENTRIES // longest)))
        rows = order[start:stop]
        present = np.arange(longest) < lengths[rows][:, None]
        place = np.where(present, matrix.indptr[rows][:, None] + np.arange(longest), 0)
        columns = np.where(present, matrix.indices[place], 0).astype(np.int64)
        values = np.where(present, matrix.data[place], 0).astype(np.float32)
        parts = (rows.astype(np.int64), columns, values, present.astype(np.float32))
        found.append(Batch(*(torch.from_numpy(part).to(device) for part in parts)))
        stop = start
    return found


def solve_side(target: Tensor, other: Tensor, side: list[Batch], alpha: float, regularization: float) -> None:
    """Best vectors [n, d] of one side in place, given those of the other [m, d]."""
    d = other.shape[1]
    everywhere = other.T @ other + regularization * torch.eye(d, dtype=other.dtype, device=other.device)
    for batch in side:
        near_bld = other[batch.columns]
        extra_bl = alpha * batch.values
        systems_bdd = torch.bmm((near_bld * extra_bl[..., None]).transpose(1, 2), near_bld) + everywhere
        right_bd1 = torch.bmm(near_bld.transpose(1, 2), (extra_bl + batch.present)[..., None])
        target[batch.rows] = torch.cholesky_solve(right_bd1, torch.linalg.cholesky(systems_bdd))[..., 0]


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
        solve_side(users, items, by_user, alpha, regularization)
        solve_side(items, users, by_item, alpha, regularization)
    # Serving asks with user vectors, so they are the ones that must fit the final item vectors.
    solve_side(users, items, by_user, alpha, regularization)
    return users, items

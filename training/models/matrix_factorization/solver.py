"""Alternating least squares by a step of conjugate gradients at a time, for many rows: no loop over rows.

The normal equations of a row with n entries are (G + Y' W Y) x = b: G = Y'Y + regularisation is the same for
all rows, the rest has rank n. Written in the basis in which G is the identity they are close to it, so that
one step from the vector of the iteration before goes most of the way, and no row needs a [d, d] system of its
own. Conjugate gradients for these equations, without the change of basis and with three steps, are due to
Takács, Pilászy and Tikk (RecSys 2011).

Rows of a sparse matrix are sorted by length and cut into batches of nearly equal length, so that little is
padded. For a batch of B rows with at most L entries and d factors, the work is on a tile [B, L, d] that is
gathered once and fits into a processor's second cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

# Entries of a padded batch: 1 MiB of factors at d = 64.
_BATCH_ENTRIES = 1 << 12
# In each iteration; for the vectors that are served, which must fit the final item vectors.
_STEPS, _LAST_STEPS = 1, 4


@dataclass(frozen=True)
class Batch:
    """Some rows of a sparse matrix, padded.

    Attributes:
        rows: [B] row numbers.
        columns: [B, L] column numbers, int32; where padded, the number of columns.
        extra: [B, L] float32, confidence above 1; 0 where padded.
    """

    rows: Tensor
    columns: Tensor
    extra: Tensor


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
        columns = np.where(present, matrix.indices[place], matrix.shape[1]).astype(np.int32)
        extra = np.where(present, matrix.data[place], 0).astype(np.float32)
        parts = (rows.astype(np.int64), columns, extra)
        found.append(Batch(*(torch.from_numpy(part).to(device) for part in parts)))
        stop = start
    return found


@dataclass(frozen=True)
class Workers:
    """Threads that take batches side by side; without a pool the caller's does all."""

    count: int
    pool: ThreadPoolExecutor | None


@contextmanager
def working(device: torch.device) -> Iterator[Workers]:
    """As many workers as PyTorch had threads, each calling it with one.

    PyTorch's own threads would meet after every small operation on a tile; these meet once a side.
    """
    count = torch.get_num_threads()
    if device.type != "cpu" or count == 1:
        yield Workers(1, None)
        return
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(count) as pool:
            yield Workers(count, pool)
    finally:
        torch.set_num_threads(count)


def solve_side(
    target: Tensor, other: Tensor, side: list[Batch], regularization: float, steps: int, workers: Workers
) -> None:
    """Better vectors [n, d] of one side in place, given those of the other [m, d]; d steps would be exact."""
    m, d = other.shape
    gram = (other.T @ other).to(torch.float64)
    gram += regularization * torch.eye(d, dtype=gram.dtype, device=gram.device)
    lower = torch.linalg.cholesky(gram).to(other.dtype)
    # Padding points to a last row of zeros.
    near = other.new_zeros(m + 1, d)
    near[:m] = torch.linalg.solve_triangular(lower, other.T, upper=False).T
    found = target @ lower

    def improve(batches: list[Batch]) -> None:
        # A new tile each time would cost more than filling it does.
        room = near.new_empty(max((batch.columns.numel() for batch in batches), default=0), d)
        for batch in batches:
            tile_nd = room[: batch.columns.numel()]
            torch.index_select(near, 0, batch.columns.reshape(-1), out=tile_nd)
            start_b1d = found.index_select(0, batch.rows)[:, None]
            tile_bld = tile_nd.view(*batch.columns.shape, d)
            better_b1d = _descend(start_b1d, tile_bld, batch.extra[:, None], steps)
            found.index_copy_(0, batch.rows, better_b1d[:, 0])

    parts = [side[worker :: workers.count] for worker in range(workers.count)]
    # Each row is in one batch, so no two workers write the same.
    list((workers.pool.map if workers.pool else map)(improve, parts))
    target.copy_(torch.linalg.solve_triangular(lower, found, upper=False, left=False))


def _descend(x_b1d: Tensor, tile_bld: Tensor, extra_b1l: Tensor, steps: int) -> Tensor:
    """Conjugate gradients for the rows of a batch, where the Gram matrix is the identity."""
    tile_bdl = tile_bld.transpose(1, 2)
    short_b1l = torch.addcmul(extra_b1l + 1, extra_b1l, torch.bmm(x_b1d, tile_bdl), value=-1)
    rest = torch.baddbmm(x_b1d, short_b1l, tile_bld, beta=-1)
    direction, size = rest, torch.linalg.vecdot(rest, rest)[..., None]
    for step in range(steps):
        products_b1l = torch.bmm(direction, tile_bdl)
        weighted_b1l = extra_b1l * products_b1l
        curvature = torch.linalg.vecdot(direction, direction)
        curvature = curvature + torch.linalg.vecdot(weighted_b1l, products_b1l)
        # A row that is solved has no direction left.
        length = size / curvature[..., None].clamp_min(1e-30)
        x_b1d = torch.addcmul(x_b1d, length, direction)
        if step + 1 < steps:
            image = torch.baddbmm(direction, weighted_b1l, tile_bld)
            rest = torch.addcmul(rest, length, image, value=-1)
            size, before = torch.linalg.vecdot(rest, rest)[..., None], size
            direction = torch.addcmul(rest, size / before.clamp_min(1e-30), direction)
    return x_b1d


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
    by_user, by_item = batches(alpha * matrix, device), batches(alpha * matrix.T.tocsr(), device)
    with working(device) as workers:
        for _ in range(iterations):
            solve_side(users, items, by_user, regularization, _STEPS, workers)
            solve_side(items, users, by_item, regularization, _STEPS, workers)
        # Serving asks with user vectors, so they are the ones that must fit the final item vectors.
        solve_side(users, items, by_user, regularization, _LAST_STEPS, workers)
    return users, items

"""Rows of a sparse matrix as weighted bags: their product with a dense one, for some rows at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag


@dataclass(frozen=True)
class Bags:
    """Row n is `columns[offsets[n]:offsets[n + 1]]` with as many `values`; `width` columns in all."""

    offsets: Tensor
    columns: Tensor
    values: Tensor
    width: int

    @classmethod
    def of(cls, matrix: sp.csr_matrix, device: torch.device) -> Bags:
        parts = (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data)
        offsets, columns, values = (torch.from_numpy(np.ascontiguousarray(p)).to(device) for p in parts)
        return cls(offsets, columns, values.float(), matrix.shape[1])

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Tensor:
        return self.offsets.diff()

    def places(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Of all entries of these rows, one row after the other: number of the row, place in `columns`."""
        lengths = self.lengths[rows]
        owner = torch.repeat_interleave(torch.arange(len(rows), device=rows.device), lengths)
        first = self.offsets[rows] - (lengths.cumsum(0) - lengths)
        return owner, torch.arange(len(owner), device=rows.device) + first[owner]

    def times(self, dense: Tensor, rows: Tensor) -> Tensor:
        """[len(rows), d] these rows times `dense` [width, d]."""
        lengths = self.lengths[rows]
        _, place = self.places(rows)
        return summed(dense, self.columns[place], lengths, self.values[place])


def summed(dense: Tensor, columns: Tensor, lengths: Tensor, values: Tensor | None = None) -> Tensor:
    """[B, d] sums of rows of `dense`, perhaps times `values`; bag b is the next `lengths[b]` of `columns`."""
    starts = lengths.cumsum(0) - lengths
    return embedding_bag(columns, dense, starts, mode="sum", per_sample_weights=values)

"""The smoothest signals on a graph: leading singular vectors of its normalised adjacency."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from recolake.ranking.popularity import FloatArray
from training.models.sparse import tensor

_SPARE = 0.15
_PASSES = 3


@dataclass(frozen=True)
class Spectrum:
    """Of a matrix [U, I].

    Attributes:
        adjacency: the matrix over its largest singular value.
        vectors: [I, d] right singular vectors of it, the smoothest first.
        values: [d] the squares of their singular values, 1 for the first.
    """

    adjacency: sp.csr_matrix
    vectors: FloatArray
    values: FloatArray

    @cached_property
    def product(self) -> FloatArray:
        """[I, I] how much two items share; for few items only."""
        dense: FloatArray = (self.adjacency.T @ self.adjacency).toarray()
        return dense

    @cached_property
    def square(self) -> FloatArray:
        """[I, I] the same over one item between; for few items only."""
        dense: FloatArray = self.product @ self.product
        return dense

    @cached_property
    def tensors(self) -> tuple[Tensor, Tensor]:
        """The adjacency and its transpose for products with dense matrices."""
        return tensor(self.adjacency), tensor(self.adjacency.T.tocsr())


def normalised(seen: sp.csr_matrix, user_exponent: float, item_exponent: float) -> sp.csr_matrix:
    """The entries over powers of the degrees of their row and column."""
    of_users = np.maximum(np.diff(seen.indptr), 1.0) ** -user_exponent
    of_items = np.maximum(np.bincount(seen.indices, minlength=seen.shape[1]), 1.0) ** -item_exponent
    return (sp.diags(of_users) @ seen @ sp.diags(of_items)).tocsr().astype(np.float32)


def spectrum(matrix: sp.csr_matrix, rank: int, seed: int) -> Spectrum:
    """By a randomised range finder with power iterations (Halko, Martinsson and Tropp, 2011)."""
    rank = min(rank, *matrix.shape)
    width = min(rank + max(16, int(rank * _SPARE)), *matrix.shape)
    forward, backward = tensor(matrix), tensor(matrix.T.tocsr())
    generator = torch.Generator().manual_seed(seed)
    basis = torch.randn(matrix.shape[1], width, generator=generator)
    for _ in range(_PASSES):
        basis = torch.linalg.qr(backward @ (forward @ basis)).Q
    # The small matrix of the basis gives the vectors by an eigenproblem of its own width.
    image = forward @ basis
    values, turns = torch.linalg.eigh(image.T @ image)
    vectors = (basis @ turns.flip(1))[:, :rank].numpy()
    values = values.flip(0)[:rank].clamp_min(0.0)
    largest = float(values[0]) or 1.0
    scaled = (matrix * np.float32(largest**-0.5)).tocsr()
    return Spectrum(scaled, vectors, (values / largest).numpy())

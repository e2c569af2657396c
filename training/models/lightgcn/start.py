"""Vectors to begin with: the smoothest signals on the graph, so that few epochs are left to do."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from training.models.graph_filter.spectrum import normalised, spectrum

# Root of the mean square of all numbers; the steps of Adam do not shrink with them.
_SIZE = 0.1


def start(seen: sp.csr_matrix, factors: int, seed: int) -> tuple[Tensor, Tensor]:
    """[U, d] and [I, d]: left and right singular vectors, each side of the same size.

    Where the matrix has fewer, the rest is random.
    """
    found = spectrum(normalised(seen, 0.5, 0.5), factors, seed)
    sides = np.sqrt(np.maximum(found.values, 1e-6))
    generator = torch.Generator().manual_seed(seed)
    users = torch.from_numpy(np.asarray(found.adjacency @ (found.vectors / sides), np.float32))
    return _sized(users, factors, generator), _sized(torch.from_numpy(found.vectors), factors, generator)


def _sized(vectors: Tensor, factors: int, generator: torch.Generator) -> Tensor:
    scaled = vectors * (_SIZE / vectors.square().mean().sqrt().clamp_min(1e-12))
    missing = factors - vectors.shape[1]
    return torch.cat([scaled, _SIZE * torch.randn(len(vectors), missing, generator=generator)], dim=1)

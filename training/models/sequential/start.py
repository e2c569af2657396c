"""Where the vectors of items begin: items that stand near the same ones, near each other."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from recolake.ranking.ragged import Ragged
from training.models.graph_filter.spectrum import spectrum
from training.models.markov.pairs import pairs

_REACH, _DECAY = 10, 0.8
# Holds down items that hardly occur, and keeps what is alike apart.
_SHRINKAGE = 100.0
_NOISE = 0.05


def spectral(walked: Ragged, items: int, dimension: int, seed: int) -> Tensor:
    """[I, d] leading singular vectors of the normalised matrix of nearby pairs, by the root of their size.

    Rows are as long as much is known of them, 1 in the root mean square, and turned at random, so that no
    coordinate is more than another. A little noise gives items of which nothing is known a direction.
    """
    near = pairs(walked, items, _REACH, _DECAY, backward=1.0)
    degree = np.asarray(near.sum(axis=1), dtype=np.float64).ravel()
    scale = sp.diags((degree + _SHRINKAGE) ** -0.5)
    matrix = (scale @ near @ scale).tocsr().astype(np.float32)
    vectors = spectrum(matrix, dimension, seed).vectors
    vectors = vectors * np.sqrt(np.linalg.norm(matrix @ vectors, axis=0))
    vectors = np.pad(vectors, ((0, 0), (0, dimension - vectors.shape[1])))
    length = np.sqrt((vectors**2).sum(axis=1).mean()) or 1.0
    random = np.random.default_rng(seed)
    turn = np.linalg.qr(random.standard_normal((dimension, dimension)))[0]
    noise = random.standard_normal(vectors.shape) / np.sqrt(dimension)
    return torch.from_numpy((vectors / length @ turn + _NOISE * noise).astype(np.float32))

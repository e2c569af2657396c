"""Where training begins: items that the same people took near each other, and features that foresee where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from recolake.ranking.popularity import FloatArray
from training.models.graph_filter.spectrum import normalised, spectrum

_NOISE = 0.02
# Power of the singular values by which the vectors are weighed: what few signals say counts less, but counts.
_WEIGHING = 0.4
# Of each feature, as if so many items more had it and lay at the origin.
_RIDGE = 3.0
_STEPS = 30


@dataclass(frozen=True)
class Start:
    """Attributes:
    items: [I, d + 1] of ids; the last number is the logarithm of popularity, less its mean.
    features: [F, d + 1] the same of features; both are added. An item that nobody took has 0 for its id.
    everybody: [d] the mean of what users took.
    user_features: [F', d] what the features of users tell beside that.
    """

    items: Tensor
    features: Tensor
    everybody: Tensor
    user_features: Tensor


def start(
    left: sp.csr_matrix, of_users: sp.csr_matrix, features: sp.csr_matrix, dimension: int, seed: int
) -> Start:
    """From the matrix [U, I] of ones, and the features of users [U, F'] and of items [I, F].

    Singular vectors of the normalised matrix, 1 long in the root mean square, with a little noise. Features
    explain what they can of them (a ridge regression); what is left stays with the ids.
    """
    random = np.random.default_rng([seed, 5])
    people = np.bincount(left.indices, minlength=left.shape[1])
    known = people > 0
    signals = spectrum(normalised(left, 0.5, 0.5), dimension, seed)
    found = signals.vectors * signals.values ** (_WEIGHING / 2)
    vectors = np.pad(found, ((0, 0), (0, dimension - found.shape[1])))
    vectors /= np.sqrt((vectors[known] ** 2).sum(axis=1).mean()) or 1.0
    vectors += _NOISE / np.sqrt(dimension) * random.standard_normal(vectors.shape)
    level = np.log1p(people)
    level -= level[known].mean()
    wanted = np.where(known[:, None], np.column_stack([vectors, level]), 0.0).astype(np.float32)
    explaining = ridge(features[np.flatnonzero(known)], wanted[known])
    rest = np.where(known[:, None], wanted - features @ explaining, 0.0)
    lengths = np.diff(left.indptr)
    able = np.flatnonzero(lengths)
    took = (left[able] @ wanted[:, :dimension]) / np.sqrt(lengths[able, None])
    everybody = took.mean(axis=0) if len(able) else np.zeros(dimension)
    telling = ridge(of_users[able], took - everybody)
    parts = (rest, explaining, everybody, telling)
    return Start(*(torch.from_numpy(np.asarray(part, dtype=np.float32)) for part in parts))


def ridge(features: sp.csr_matrix, wanted: FloatArray) -> FloatArray:
    """[F, k] what of each feature adds up to the wanted [n, k], by conjugate gradients on all columns."""
    found = np.zeros((features.shape[1], wanted.shape[1]))
    residual = features.T @ wanted.astype(np.float64)
    direction, length = residual.copy(), (residual**2).sum(axis=0)
    for _ in range(_STEPS):
        image = features.T @ (features @ direction) + _RIDGE * direction
        step = length / np.maximum((direction * image).sum(axis=0), 1e-30)
        found += step * direction
        residual -= step * image
        shorter = (residual**2).sum(axis=0)
        direction = residual + shorter / np.maximum(length, 1e-30) * direction
        length = shorter
    return found.astype(np.float32)

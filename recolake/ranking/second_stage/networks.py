"""Several small networks that judge candidates together. Taught elsewhere, they judge with NumPy alone.

Shapes: M members, n candidates, F features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recolake.ranking.popularity import FloatArray
from recolake.ranking.second_stage.scaling import Scaling

# Candidates that are judged at a time.
_BLOCK = 16_384


@dataclass(frozen=True)
class Networks:
    """Layers' weights [M, in, out] and biases [M, 1, out]; the last one has a single place."""

    scaling: Scaling
    weights: Sequence[FloatArray]
    biases: Sequence[FloatArray]

    def score(self, features: FloatArray) -> FloatArray:
        """[n] mean log odds of being taken, over all members, of features [n, F]."""
        scores = np.empty(len(features), dtype=np.float32)
        for start in range(0, len(features), _BLOCK):
            part = slice(start, start + _BLOCK)
            scores[part] = self._judged(self.scaling(features[part])).mean(axis=0)
        return scores

    def _judged(self, inner: FloatArray) -> FloatArray:
        """[M, n] log odds, by every member."""
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            inner = silu(np.matmul(inner, weight) + bias)
        odds: FloatArray = (np.matmul(inner, self.weights[-1]) + self.biases[-1])[:, :, 0]
        return odds


def silu(value: FloatArray) -> FloatArray:
    """The value times its logistic function (Hendrycks and Gimpel 2016)."""
    with np.errstate(over="ignore"):
        found: FloatArray = value / (1 + np.exp(-value))
    return found

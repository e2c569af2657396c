"""Several small networks that judge candidates together. Taught elsewhere, they judge with NumPy alone.

Shapes: M members, n candidates of U users, F features, W columns of what is scaled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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
            scores[part] = self.odds(self.scaling(features[part])[None])[0]
        return scores

    def odds(self, scaled: FloatArray) -> FloatArray:
        """[U, n] mean log odds of being taken, over all members, of what is scaled [U, n, W].

        Each user's are products of matrices of their own, of one size whoever is judged beside: those of
        other sizes may be summed in another order.
        """
        users, count, _ = scaled.shape
        members = len(self.weights[0])
        weight, bias = self._first
        inner = np.matmul(scaled, weight)
        inner += bias
        # [U, M, n, out], of which each member's part is where it was.
        inner = inner.reshape(users, count, members, -1).transpose(0, 2, 1, 3)
        for weight, bias in zip(self.weights[1:], self.biases[1:], strict=True):
            inner = np.matmul(silu(inner), weight)
            inner += bias
        odds: FloatArray = inner[:, :, :, 0].mean(axis=1)
        return odds

    @cached_property
    def _first(self) -> tuple[FloatArray, FloatArray]:
        """Weights [W, M * out] and biases [M * out] of the first layer of all members."""
        weight, bias = self.weights[0], self.biases[0]
        return np.concatenate(list(weight), axis=1), bias.reshape(-1)


def silu(value: FloatArray) -> FloatArray:
    """The value times its logistic function (Hendrycks and Gimpel 2016)."""
    with np.errstate(over="ignore"):
        found: FloatArray = np.negative(value)
        np.exp(found, out=found)
        found += 1
        np.divide(value, found, out=found)
    return found

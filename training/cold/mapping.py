"""From content to vectors: a linear map that known items teach, for those that nobody has met.

Ridge regression of item vectors on features, as attribute-to-feature mappings do it (Gantner et al., ICDM
2010). It was better than nearest neighbours in content wherever both were measured (docs/adr/0031), and its
sums explain themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse as sp

from recolake.ranking.popularity import FloatArray

# The system to be solved grows with the square of its features, so the most common of them are taken.
_MOST_FEATURES = 2_048
# The mean is not drawn to zero; this much keeps the system solvable where features say the same as it.
_OF_THE_MEAN = 1e-6


@dataclass(frozen=True)
class ContentMap:
    """vector = base + features @ weights.

    Attributes:
        base: [d] of something of which nothing is known.
        weights: [F, d], zeros for features that nothing was learnt of.
    """

    base: FloatArray
    weights: FloatArray

    def vectors(self, features: sp.csr_matrix) -> FloatArray:
        """[n, d] of things with features [n, F]."""
        found: FloatArray = (features @ self.weights + self.base).astype(np.float32)
        return found

    def times(self, factor: float) -> ContentMap:
        """The map to vectors that are so many times as long."""
        return ContentMap(self.base * np.float32(factor), self.weights * np.float32(factor))


def learn(features: sp.csr_matrix, vectors: npt.NDArray[np.floating], penalty: float) -> ContentMap:
    """From what is known: features [n, F] and vectors [n, d], n at least 1.

    Args:
        penalty: above 0; so many things with a feature are needed before it counts half of what they show.
    """
    counts = np.bincount(features.indices, minlength=features.shape[1])
    common = np.argsort(-counts, kind="stable")[:_MOST_FEATURES]
    common = np.sort(common[counts[common] > 0])
    known = sp.hstack([sp.csr_matrix(np.ones((len(vectors), 1))), features[:, common]], format="csr")
    known = known.astype(np.float64)
    system = (known.T @ known).toarray() + np.diag([_OF_THE_MEAN, *[penalty] * len(common)])
    solved = scipy.linalg.solve(system, known.T @ vectors.astype(np.float64), assume_a="pos")
    weights = np.zeros((features.shape[1], vectors.shape[1]), dtype=np.float32)
    weights[common] = solved[1:]
    return ContentMap(solved[0].astype(np.float32), weights)

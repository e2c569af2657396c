"""A vector for somebody of whom nothing is known but some items: made as the model makes its people's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recolake.ranking.artifact import Artifact
from recolake.ranking.explain import Contributions, solve
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray


def fold_in(artifact: Artifact, rows: IntArray, weights: FloatArray) -> npt.NDArray[np.float64]:
    """[d, n] what each of n items adds to the vector; their sum is the vector.

    Where the model solves a least-squares problem for its people, so does this, an item of weight 1 having
    the confidence of the typical entry (Hu, Koren and Volinsky, ICDM 2008). Elsewhere it is the weighted mean
    of the items' vectors: exact, but for its length, for a model that adds them up, and an approximation for
    others.
    """
    evidence = artifact.evidence
    if evidence is not None and evidence.regularization is not None:
        confidence = weights * np.float32(evidence.typical)
        return solve(artifact.vectors, artifact.gram, evidence.regularization, rows, confidence)
    share = weights.astype(np.float64) / max(float(weights.sum()), 1e-9)
    parts: npt.NDArray[np.float64] = artifact.vectors[rows].T.astype(np.float64) * share
    return parts


def parts_of(
    artifact: Artifact, folded: npt.NDArray[np.float64], own: IntArray, rows: list[int]
) -> Contributions:
    """What each of the n items that a vector was folded from adds to its affinity to k items of a list."""
    wanted = artifact.vectors[np.asarray(rows, dtype=np.int64)].astype(np.float64)
    return Contributions(own.astype(np.int32), wanted @ folded)

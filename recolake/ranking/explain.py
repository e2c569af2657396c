"""Why a model finds that an item fits a person: what each of the person's own items contributes.

A vector of implicit-feedback matrix factorisation is the solution of a least-squares problem, linear in the
person's items: x = W sum_j c_j y_j with W = (Y'CY + aI)^-1. So its product with an item's vector, y_i'x, is
exactly a sum over the person's items j, of c_j y_i'W y_j (Hu, Koren and Volinsky, ICDM 2008, section 5).

A vector of a linear filter is a weighted sum of the items' vectors, x = sum_j w_j y_j, so that y_i'x is a sum
of w_j y_i'y_j. What makes vectors otherwise explains nothing: a similarity that the model does not use is no
reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.ranking.artifact import Artifact
from recolake.ranking.fold_in import Made, parts
from recolake.ranking.popularity import FloatArray

_Double = npt.NDArray[np.float64]
# Training solves in single precision; beyond this share of the largest number it is another vector.
_TOLERANCE = 1e-2


@dataclass(frozen=True)
class Contributions:
    """What each of n own items adds to the affinity of each of k items.

    Attributes:
        items: [n] rows of the person's own items.
        parts: [k, n]; a row's sum is the item's affinity: the inner product of its vector and the person's.
    """

    items: npt.NDArray[np.integer[Any]]
    parts: _Double

    @property
    def affinity(self) -> _Double:
        """[k]"""
        total: _Double = self.parts.sum(axis=1)
        return total

    def most(self, position: int, count: int) -> list[tuple[int, float]]:
        """Rows and parts of the own items that speak most for an item; only what speaks for it."""
        parts = self.parts[position]
        best = np.argsort(-parts, kind="stable")[:count]
        return [(int(self.items[place]), float(parts[place])) for place in best if parts[place] > 0]


def contributions(
    artifact: Artifact, pseudonym: str, vector: FloatArray, rows: Sequence[int], made: Made | None = None
) -> Contributions | None:
    """Explain the affinity of a person, whose vector is served, to items of the index.

    Args:
        made: what the vector was made from just now; None where it is the model's own.

    Returns:
        None where the model says nothing of what its vectors were made from, does not know the person, or the
        vector is not the one that it made.
    """
    own = made or _own(artifact, pseudonym)
    if own is None or own.prior is not None:
        return None
    each = parts(artifact, own)
    found = each.sum(axis=1)
    if not np.allclose(found, vector, rtol=0, atol=_TOLERANCE * float(np.abs(vector).max(initial=0.0))):
        return None
    return _of(artifact, own, each, rows)


def by_items(artifact: Artifact, made: Made, rows: Sequence[int]) -> Contributions:
    """What each item that a vector was made from adds to its affinity to items of the index."""
    return _of(artifact, made, parts(artifact, made), rows)


def _of(artifact: Artifact, made: Made, each: _Double, rows: Sequence[int]) -> Contributions:
    wanted = artifact.vectors[np.asarray(rows, dtype=np.int64)].astype(np.float64)
    return Contributions(made.items, wanted @ each)


def _own(artifact: Artifact, pseudonym: str) -> Made | None:
    """What the model made a person's vector from."""
    known = artifact.evidence.of_person(pseudonym) if artifact.evidence else None
    return None if known is None else Made(known[0], known[1].astype(np.float64))

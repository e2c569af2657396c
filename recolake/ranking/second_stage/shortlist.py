"""The first stage's best candidates, which alone the second stage looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray
from recolake.ranking.order import best_first
from recolake.ranking.pick import Scalar, pick
from recolake.ranking.popularity import FloatArray
from recolake.ranking.rerank import Terms


@dataclass(frozen=True)
class Shortlist:
    """At most D candidates a user, best first, [U, D].

    Attributes:
        columns: where each stands in the `Terms` that it was cut from.
        there: False beyond a user's last.
        score: of the first stage.
    """

    columns: IntArray
    there: npt.NDArray[np.bool_]
    score: FloatArray

    @classmethod
    def of(cls, found: Terms, scores: FloatArray, depth: int) -> Shortlist:
        """By the first stage's scores [U, C]; of equal ones the more popular item comes first."""
        columns = best_first(scores, found.place, depth)
        score = pick(scores, columns)
        return cls(columns, np.isfinite(score), score)

    def pick(self, values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
        """[U, D] of anything that is known per candidate, [U, C]."""
        return pick(values, self.columns)

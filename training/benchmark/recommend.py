"""From a fitted model to lists: who has no history gets what is popular."""

from __future__ import annotations

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.benchmark.problem import Problem
from training.benchmark.ranking import Score


def with_fallback(problem: Problem, score: Score) -> Score:
    """The same scores, but popularity for users of whom the log knows nothing."""
    popularity = problem.people.astype(np.float32)
    unknown = np.diff(problem.had.indptr) == 0

    def scored(users: IntArray) -> FloatArray:
        scores = score(users)
        scores[unknown[users]] = popularity
        return scores

    return scored

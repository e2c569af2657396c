"""From a fitted model to lists: who has no history gets what is popular."""

from __future__ import annotations

import numpy as np

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.benchmark.problem import Problem
from training.benchmark.ranking import Score


def with_fallback(problem: Problem, score: Score, reads_users: bool = False) -> Score:
    """The same scores, but popularity for users of whom the log knows nothing.

    `reads_users`: the model knows them by their features, where there are any.
    """
    popularity = problem.people.astype(np.float32)
    unknown = np.diff(problem.had.indptr) == 0
    if reads_users and problem.described.users is not None:
        features = problem.described.users.of(problem.catalogue.users.astype(np.str_))
        unknown &= np.diff(features.indptr) == 0

    def scored(users: IntArray) -> FloatArray:
        scores = score(users)
        scores[unknown[users]] = popularity
        return scores

    return scored

"""Exploration: some places go to chance, and each item of a list says with which chance it got its place.

Lists that always show the best item never learn what another would have brought. With the chances written
down, `recolake ope` tells from the log what any other order would have earned
(docs/howto/evaluate-off-policy.md).
"""

from __future__ import annotations

import numpy as np

from recolake.ranking.ranking import Ranking

# Chance has its choice among so many times k of the best items, and among no fewer than this.
_TIMES, _LEAST = 5, 50


def looked_at(k: int) -> int:
    """How many of the best items a list of k is chosen from."""
    return max(_TIMES * k, _LEAST)


def explore(
    found: Ranking, k: int, rate: float, random: np.random.Generator
) -> tuple[Ranking, tuple[float, ...]]:
    """One person's list of k out of a longer one [1, N], each place with chance `rate` given to any that is
    left.

    Returns:
        The list, and for each of its items the chance that it got its place, given those above it: of n that
        are left, the best one has `1 - rate + rate / n`, every other `rate / n`.
    """
    left = list(range(len(found.listed(0))))
    chosen: list[int] = []
    chances: list[float] = []
    while left and len(chosen) < k:
        drawn = int(random.integers(len(left))) if random.random() < rate else 0
        chances.append(rate / len(left) + (1 - rate if drawn == 0 else 0.0))
        chosen.append(left.pop(drawn))
    return found.at(np.array(chosen, dtype=np.int64)), tuple(chances)

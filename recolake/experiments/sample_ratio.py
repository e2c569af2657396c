"""Whether the people of an experiment were split as they should have been."""

from __future__ import annotations

import math

FLAGGED_BELOW = 0.001
"""Below this p-value the split is not chance, and nothing that the experiment says can be believed."""


def sample_ratio_p_value(champion: int, challenger: int, share: float) -> float:
    """Chance of a split at least as far off, of people of whom each had the chance `share` of the challenger.

    Pearson's chi-squared test with one degree of freedom; a mismatch at p < 0.001 is what Fabijan et al.
    ("Diagnosing sample ratio mismatch in online controlled experiments", 2019) flag.
    """
    people = champion + challenger
    if not people:
        return 1.0
    off = challenger - share * people
    statistic = off * off / (people * share * (1 - share))
    return math.erfc(math.sqrt(statistic / 2))

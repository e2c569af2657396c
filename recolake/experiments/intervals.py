"""Intervals of differences between two variants, challenger less champion; for one look, at the end.

People are the units: each is assigned once, so that answers to the same person are not independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from recolake.experiments.outcomes import Arm, Total

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of both variants, and an interval of their difference; None where there are too few people."""

    champion: float
    challenger: float
    low: float | None
    high: float | None

    @property
    def value(self) -> float:
        return self.challenger - self.champion


def proportions(champion: Total, n: int, challenger: Total, m: int) -> Difference:
    """Shares of n and m people for whom the totals are not 0.

    Newcombe's hybrid score interval ("Interval estimation for the difference between independent
    proportions", 1998, method 10): it holds for small shares, where the normal one does not.
    """
    if not n or not m:
        return Difference(_ratio(champion.people, n), _ratio(challenger.people, m), None, None)
    p, q = champion.people / n, challenger.people / m
    (p_low, p_high), (q_low, q_high) = _wilson(p, n), _wilson(q, m)
    low = q - p - math.hypot(q - q_low, p_high - p)
    high = q - p + math.hypot(q_high - q, p - p_low)
    return Difference(p, q, low, high)


def click_through(champion: Arm, challenger: Arm) -> Difference:
    """Clicks an answer, with people as units.

    The delta method for a ratio of two means (Deng, Knoblich and Lu, "Applying the delta method in metric
    analytics", 2018).
    """
    p = _ratio(champion.clicks.value, champion.exposures.value)
    q = _ratio(challenger.clicks.value, challenger.exposures.value)
    return _normal(p, q, _ratio_variance(champion, p), _ratio_variance(challenger, q))


def means(champion: Total, n: int, challenger: Total, m: int) -> Difference:
    """Totals a person of n and m people, normal (Welch)."""
    p, q = _ratio(champion.value, n), _ratio(challenger.value, m)
    return _normal(p, q, _mean_variance(champion, n), _mean_variance(challenger, m))


def _wilson(share: float, n: int) -> tuple[float, float]:
    z = _z()
    center = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (center - half) / (1 + z * z / n), (center + half) / (1 + z * z / n)


def _normal(p: float, q: float, p_variance: float | None, q_variance: float | None) -> Difference:
    if p_variance is None or q_variance is None:
        return Difference(p, q, None, None)
    half = _z() * math.sqrt(p_variance + q_variance)
    return Difference(p, q, q - p - half, q - p + half)


def _ratio_variance(arm: Arm, ratio: float) -> float | None:
    """Variance of clicks by exposures: the residuals clicks - ratio * exposures have mean 0."""
    if arm.users < 2 or not arm.exposures.value:
        return None
    squares = arm.clicks.squares - 2 * ratio * arm.clicks_by_exposures + ratio * ratio * arm.exposures.squares
    return max(squares, 0.0) * arm.users / (arm.users - 1) / arm.exposures.value**2


def _mean_variance(total: Total, n: int) -> float | None:
    if n < 2:
        return None
    return max(total.squares - total.value**2 / n, 0.0) / (n - 1) / n


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _z() -> float:
    return NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)

"""Evidence that stays valid however often it is looked at."""

from __future__ import annotations

import math


def log_evidence(excess: float, variance: float, scale: float) -> float:
    """Logarithm of the evidence against "no harm", after a sum of `excess` whose variance is `variance`.

    The mixture of likelihood ratios over a half-normal prior on the drift (the one-sided normal mixture of
    Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences",
    2021; the one-sided form of the mixture SPRT in Johari, Koomen, Pekelis and Walsh, "Peeking at A/B tests",
    2017). Of a sum that behaves as Brownian motion in its variance, or drifts less, the chance that the
    evidence ever reaches 1/alpha is at most alpha.

    Args:
        excess: harm seen beyond what chance expects; positive is harm.
        variance: its variance if there is no harm, at least 0, never smaller than at an earlier look.
        scale: a variance fixed before the data say who got what: the evidence is sharpest when the variance
            is about ten times as large. More than 0.
    """
    spread = variance + scale
    below = 0.5 * math.erfc(-excess / math.sqrt(2 * spread))
    if below == 0.0:
        return -math.inf
    return 0.5 * math.log(4 * scale / spread) + excess * excess / (2 * spread) + math.log(below)


def anytime_p_value(log_evidence_: float) -> float:
    """Upper bound of the chance of so much evidence at any look, if there is no harm (Ville's inequality)."""
    return min(1.0, math.exp(-max(log_evidence_, 0.0)))

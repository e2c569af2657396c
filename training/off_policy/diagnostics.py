"""How far an estimate can be trusted: what the weights are like, and what the log cannot say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.evaluation.metrics import Values
from training.off_policy.intervals import Interval
from training.off_policy.log import BanditLog
from training.off_policy.policy import Table

# Rows below which an interval by resampling or by the normal law means little.
_FEW_ROWS = 100
# Rounding in files of chances is no missing support.
_NEGLIGIBLE = 1e-6


@dataclass(frozen=True)
class Diagnostics:
    """Of the weights that the estimates use.

    Attributes:
        effective_sample_size: rows that would say as much if all weighed the same (Kish 1965).
        largest_weight, largest_share: of one row, and its part of all weight.
        mean_weight: the control variate: 1 in expectation, if propensities and support are right.
        clipped_share: rows whose weight was cut down.
        unsupported_share: chance that the policy takes an action that the log never has at that position;
            None where only its chances of logged actions are known.
    """

    effective_sample_size: float
    effective_share: float
    largest_weight: float
    largest_share: float
    mean_weight: Interval
    clipped_share: float
    unsupported_share: float | None


def diagnose(raw: Values, used: Values, mean_weight: Interval, unsupported: float | None) -> Diagnostics:
    """From weights before and after clipping, [n]."""
    effective = float(used.sum() ** 2 / (used @ used))
    return Diagnostics(
        effective_sample_size=effective,
        effective_share=effective / len(used),
        largest_weight=float(used.max()),
        largest_share=float(used.max() / used.sum()),
        mean_weight=mean_weight,
        clipped_share=float((raw > used).mean()),
        unsupported_share=unsupported,
    )


def unsupported_share(table: Table, log: BanditLog) -> float:
    """Mean over the rows' situations."""
    return float(max(0.0, 1 - table.logged_mass(log)[log.cell].mean()))


def warnings(found: Diagnostics) -> list[str]:
    """What a reader must know before the estimates are believed, in sentences."""
    said = []
    if found.effective_sample_size < _FEW_ROWS:
        said.append(
            f"The estimates rest on {found.effective_sample_size:.1f} effective rows; their intervals are "
            "too narrow. A longer log, or a policy closer to the logging one, helps."
        )
    low, high = found.mean_weight.low, found.mean_weight.high
    if not found.clipped_share and not low - _NEGLIGIBLE <= 1 <= high + _NEGLIGIBLE:
        said.append(
            f"The mean weight is {found.mean_weight.value:.3f} [{low:.3f}, {high:.3f}] and should be 1: the "
            "propensities are not those that were followed, or the log lacks what the policy does."
        )
    if found.unsupported_share is not None and found.unsupported_share > _NEGLIGIBLE:
        said.append(
            f"{found.unsupported_share:.1%} of what the policy does is never in the log at that position. "
            "Where the logging policy cannot do it, IPS and SNIPS miss its part, and DR guesses it."
        )
    if found.clipped_share:
        said.append(
            f"{found.clipped_share:.2%} of the weights are clipped: the estimates are biased, in exchange "
            "for less variance."
        )
    return said


def explained_share(reward: Values, expected: Values) -> float:
    """Share of the variance of rewards that the model foretells in rows it has not seen; may be negative."""
    variance = float(np.var(reward))
    return 0.0 if variance == 0 else 1 - float(np.mean((reward - expected) ** 2)) / variance

"""Estimators of what a policy would have earned, all of them ratios of two sums over the rows of a log.

IPS, inverse propensity scoring: Horvitz and Thompson 1952. SNIPS, its self-normalised form: Swaminathan and
Joachims 2015. DR, doubly robust: Dudik, Langford and Li 2011.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from recolake.ranking.items import IntArray
from training.evaluation.metrics import Values
from training.off_policy.errors import NoSupportError
from training.off_policy.reward_model import Expectations


class Sum(IntEnum):
    """Columns of the sums that every statistic is computed from."""

    ROWS = 0
    REWARD = 1
    WEIGHT = 2
    WEIGHTED_REWARD = 3
    DOUBLY_ROBUST = 4


class Statistic(Protocol):
    """A number computed from sums over rows."""

    def value(self, sums: Values) -> Values:
        """[...] of sums [..., S]."""

    def influence(self, sums: Values) -> Values:
        """[U] what each unit adds to the number, to the first order; `sums` [U, S] are per unit."""


@dataclass(frozen=True)
class Ratio:
    """One sum over another."""

    over: Sum
    under: Sum

    def value(self, sums: Values) -> Values:
        with np.errstate(invalid="ignore"):
            return np.asarray(sums[..., self.over] / sums[..., self.under], dtype=np.float64)

    def influence(self, sums: Values) -> Values:
        over, under = sums[:, self.over], sums[:, self.under]
        return np.asarray((over - over.sum() / under.sum() * under) / under.mean(), dtype=np.float64)


@dataclass(frozen=True)
class Difference:
    """How much one ratio is above another; on the same rows, so that what they share falls out."""

    first: Ratio
    second: Ratio

    def value(self, sums: Values) -> Values:
        return np.asarray(self.first.value(sums) - self.second.value(sums), dtype=np.float64)

    def influence(self, sums: Values) -> Values:
        return np.asarray(self.first.influence(sums) - self.second.influence(sums), dtype=np.float64)


LOGGED = Ratio(Sum.REWARD, Sum.ROWS)
MEAN_WEIGHT = Ratio(Sum.WEIGHT, Sum.ROWS)
DR = "dr"
ESTIMATORS: Mapping[str, Ratio] = {
    "ips": Ratio(Sum.WEIGHTED_REWARD, Sum.ROWS),
    "snips": Ratio(Sum.WEIGHTED_REWARD, Sum.WEIGHT),
    DR: Ratio(Sum.DOUBLY_ROBUST, Sum.ROWS),
}


def importance(policy: Values, propensity: Values, clip: float | None = None) -> Values:
    """[n] weights: how much likelier the evaluated policy is to choose what was logged; at most `clip`.

    Raises:
        NoSupportError: all of them are 0.
    """
    weight = policy / propensity
    if not weight.any():
        raise NoSupportError(
            "The policy never does what the log holds: no logged action has a chance above 0 under it.",
            hint="Do policy and log call the same actions, contexts and positions by the same names?",
        )
    return weight if clip is None else np.minimum(weight, clip)


def terms(weight: Values, reward: Values, expected: Expectations | None = None) -> Values:
    """[n, S] what each row adds to the sums; nothing to DR where no rewards are foretold."""
    doubly_robust = np.full(len(reward), np.nan)
    if expected is not None:
        doubly_robust = expected.policy + weight * (reward - expected.logged)
    return np.stack([np.ones(len(reward)), reward, weight, weight * reward, doubly_robust], axis=1)


def per_unit(rows: Values, unit: IntArray) -> Values:
    """[U, S] sums of each unit's rows."""
    return np.stack([np.bincount(unit, column) for column in rows.T], axis=1)

"""Intervals around statistics of independent units: percentile bootstrap, or normal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np

from training.evaluation.bootstrap import SAMPLES
from training.evaluation.metrics import Values
from training.off_policy.estimators import Statistic

# Units drawn at a time: 2 MiB, or one resample of however many there are.
_BLOCK = 1 << 18


class Method(StrEnum):
    """How the bounds come about."""

    BOOTSTRAP = "bootstrap"  # percentiles over resampled units (Efron): lopsided, as weighted rewards are
    NORMAL = "normal"  # value and standard error alone: at once, also on millions of rows


@dataclass(frozen=True, slots=True)
class Interval:
    """A statistic, its standard error (delta method), and the bounds of its interval."""

    value: float
    standard_error: float
    low: float
    high: float


def intervals(
    statistics: Mapping[str, Statistic],
    units: Values,
    method: Method,
    confidence: float,
    seed: int,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Interval]:
    """Of every statistic, from sums per unit [U, S]; a bootstrap resamples once for all of them."""
    total = units.sum(axis=0)
    values = {name: float(statistic.value(total)) for name, statistic in statistics.items()}
    errors = {name: standard_error(statistic, units) for name, statistic in statistics.items()}
    if method is Method.NORMAL:
        reach = NormalDist().inv_cdf((1 + confidence) / 2)
        bounds = {
            name: (values[name] - reach * errors[name], values[name] + reach * errors[name])
            for name in statistics
        }
    else:
        bounds = _bootstrapped(statistics, units, confidence, seed, progress)
    return {name: Interval(values[name], errors[name], *bounds[name]) for name in statistics}


def standard_error(statistic: Statistic, units: Values) -> float:
    """Root of the mean's variance of what each unit adds."""
    return float(statistic.influence(units).std(ddof=1) / np.sqrt(len(units)))


def resampled_sums(units: Values, seed: int) -> Iterator[Values]:
    """Blocks [b, S] of the sums of resamples, as many units in each as there are.

    Units are drawn by number and counted: ten times as fast as drawing counts from a multinomial
    distribution, which they have all the same.
    """
    random, count = np.random.default_rng(seed), len(units)
    block = max(1, _BLOCK // count)
    for start in range(0, SAMPLES, block):
        size = min(block, SAMPLES - start)
        drawn = random.integers(count, size=(size, count)) + np.arange(size)[:, None] * count
        times = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        yield times.astype(np.float64) @ units


def _bootstrapped(
    statistics: Mapping[str, Statistic],
    units: Values,
    confidence: float,
    seed: int,
    progress: Callable[[str], None],
) -> dict[str, tuple[float, float]]:
    blocks, done = [], 0
    for sums in resampled_sums(units, seed):
        blocks.append(sums)
        if done * 10 // SAMPLES < (done + len(sums)) * 10 // SAMPLES:
            progress(f"{done + len(sums)} of {SAMPLES} resamples")
        done += len(sums)
    drawn = np.concatenate(blocks)
    tails = (50 * (1 - confidence), 50 * (1 + confidence))
    found = {}
    for name, statistic in statistics.items():
        # A resample without any weight has no self-normalised value.
        low, high = np.nanpercentile(statistic.value(drawn), tails)
        found[name] = (float(low), float(high))
    return found

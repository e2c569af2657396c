"""Intervals from resampling users (Efron's percentile bootstrap, 95 %)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.evaluation.metrics import Values

SAMPLES = 1_000
_BOUNDS = (2.5, 97.5)
# Counts drawn at a time: 2 MiB, however many users there are.
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over users and its 95 % interval."""

    value: float
    low: float
    high: float


class Statistic(Protocol):
    """A number about U users that resampling puts an interval around."""

    @property
    def value(self) -> float:
        """Of the users as they are."""

    def resampled(self, drawn: FloatArray) -> FloatArray:
        """[b] of b resamples; `drawn` [b, U] says how often each has each user."""


@dataclass(frozen=True)
class Mean:
    """Mean of one number per user, [U]."""

    values: Values

    @property
    def value(self) -> float:
        return float(self.values.mean())

    def resampled(self, drawn: FloatArray) -> FloatArray:
        return np.asarray(drawn @ self.values.astype(np.float32) / len(self.values), dtype=np.float32)


@dataclass(frozen=True)
class PartMean:
    """Mean of one number over some of the users; a resample has more of them or fewer.

    Attributes:
        values: [U], 0 for everybody else.
        members: [U] who counts; somebody does.
    """

    values: Values
    members: npt.NDArray[np.bool_]

    @property
    def value(self) -> float:
        return float(self.values[self.members].mean())

    def resampled(self, drawn: FloatArray) -> FloatArray:
        counted = drawn @ self.members.astype(np.float32)
        total = drawn @ self.values.astype(np.float32)
        # Nobody of them was drawn: that says nothing, so neither does the resample.
        found = np.where(counted > 0, total / np.maximum(counted, 1), self.value)
        return np.asarray(found, dtype=np.float32)


class Coverage:
    """Share of all items that anybody is shown. A resample has fewer users, so its interval lies lower."""

    def __init__(self, ranked: IntArray, items: int) -> None:
        """From the item rows that each user is shown, [U, k], -1 where there is none."""
        shown = ranked >= 0
        user, item = np.nonzero(shown)[0], ranked[shown]
        self._items = items
        self._incidence = sp.csr_matrix(
            (np.ones(len(user), np.float32), (user, item)), shape=(len(ranked), items)
        )
        self.value = np.unique(item).size / items

    def resampled(self, drawn: FloatArray) -> FloatArray:
        chosen = (sp.csr_matrix(drawn) @ self._incidence).tocsr()
        return np.asarray(np.diff(chosen.indptr) / self._items, dtype=np.float32)


def draws(users: int, seed: int, samples: int = SAMPLES) -> Iterator[FloatArray]:
    """Blocks [b, users] of how often each user is drawn, `samples` in all.

    The same for all models, so comparisons are paired.
    """
    random, share = np.random.default_rng(seed), np.full(users, 1 / users)
    block = max(1, _BLOCK // users)
    for start in range(0, samples, block):
        size = min(block, samples - start)
        yield random.multinomial(users, share, size=size).astype(np.float32)


def estimates(statistics: Mapping[str, Statistic], users: int, seed: int) -> dict[str, Estimate]:
    """Every statistic with its interval, all from the same resamples."""
    found: dict[str, list[FloatArray]] = {name: [] for name in statistics}
    for drawn in draws(users, seed):
        for name, statistic in statistics.items():
            found[name].append(statistic.resampled(drawn))
    bounds = {name: np.percentile(np.concatenate(parts), _BOUNDS) for name, parts in found.items()}
    return {
        name: Estimate(statistic.value, float(bounds[name][0]), float(bounds[name][1]))
        for name, statistic in statistics.items()
    }


def mean(values: Values, seed: int) -> Estimate:
    """Of one number per user."""
    return estimates({"mean": Mean(values)}, len(values), seed)["mean"]

"""Intervals from resampling users (Efron's percentile bootstrap, 95 %)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recolake.ranking.items import IntArray
from training.evaluation.metrics import Values

SAMPLES = 1_000
_BOUNDS = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over users and its 95 % interval."""

    value: float
    low: float
    high: float


def draws(users: int, seed: int, samples: int = SAMPLES) -> np.ndarray:
    """[samples, users] how often each user is drawn: the same for all models, so comparisons are paired."""
    return (
        np.random.default_rng(seed)
        .multinomial(users, np.full(users, 1 / users), size=samples)
        .astype(np.float32)
    )


def mean(values: Values, drawn: np.ndarray) -> Estimate:
    """Of one number per user."""
    resampled = drawn @ values.astype(np.float32) / len(values)
    low, high = np.percentile(resampled, _BOUNDS)
    return Estimate(float(values.mean()), float(low), float(high))


def coverage(ranked: IntArray, items: int, drawn: np.ndarray) -> Estimate:
    """Share of all items that anybody is shown. A resample has fewer users, so its interval lies lower."""
    shown = ranked >= 0
    user = np.repeat(np.arange(len(ranked)), shown.sum(axis=1))
    incidence = sp.csr_matrix(
        (np.ones(len(user), np.float32), (user, ranked[shown])), shape=(len(ranked), items)
    )
    value = np.unique(ranked[shown]).size / items
    chosen = sp.csr_matrix(drawn) @ incidence
    low, high = np.percentile(np.diff(chosen.tocsr().indptr) / items, _BOUNDS)
    return Estimate(float(value), float(low), float(high))

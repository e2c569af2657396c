"""Expected rewards of rows that the model has not seen: each fold is foretold by a model of the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recolake.ranking.items import IntArray
from training.off_policy.log import BanditLog
from training.off_policy.policy import Table
from training.off_policy.reward_model import Expectations, expect, fit, logged_situations

FOLDS = 5
# Apart from the numbers that resampling draws with the same seed.
_STREAM = 1


def cross_fitted(
    log: BanditLog, table: Table, seed: int, progress: Callable[[str], None] = lambda _: None
) -> Expectations:
    """[n] of every row, by a model that saw no row of its unit (Chernozhukov et al. 2018)."""
    fold = folds(log, seed)
    situations = logged_situations(log, table)
    logged, policy = np.zeros(len(log)), np.zeros(len(log))
    last = int(fold.max())
    for number in range(last + 1):
        progress(f"reward model {number + 1} of {last + 1}")
        seen, unseen = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        model = fit(situations.take(seen), log.reward[seen])
        found = expect(model, log, table, unseen)
        logged[unseen], policy[unseen] = found.logged, found.policy
    return Expectations(logged, policy)


def folds(log: BanditLog, seed: int) -> IntArray:
    """[n] fold of each row, 0..4, or fewer where there are fewer units: whole units, at random."""
    random = np.random.default_rng([seed, _STREAM])
    return np.asarray(random.permutation(log.units)[log.unit] % FOLDS, dtype=np.int64)

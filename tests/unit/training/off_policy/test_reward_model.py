"""The reward model learns what is there, nothing else, and never from the rows that it is asked about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.off_policy.cross_fit import cross_fitted, folds
from training.off_policy.policy import uniform
from training.off_policy.reward_model import Situations, expect, fit, logged_situations

if TYPE_CHECKING:
    from conftest import MakeLog


def situations(random: np.random.Generator, rows: int) -> Situations:
    return Situations(
        random.integers(5, size=rows), random.integers(3, size=rows), random.integers(8, size=rows), 8
    )


def test_with_many_rows_the_true_means_are_found() -> None:
    random = np.random.default_rng(0)
    seen = situations(random, 40_000)
    truth = random.random((5, 8))[seen.context, seen.action] * (1 + seen.position) / 3
    model = fit(seen, truth + random.normal(size=len(truth)))
    assert np.corrcoef(model.expect(seen), truth)[0, 1] > 0.9


def test_of_pure_noise_little_is_believed() -> None:
    random = np.random.default_rng(1)
    seen = situations(random, 3_000)
    noise = random.normal(size=3_000)
    raw = np.bincount(seen.groups()[-1], noise) / np.bincount(seen.groups()[-1])
    assert fit(seen, noise).expect(seen).std() < 0.5 * raw.std()


def test_contexts_that_come_once_each_teach_nothing_about_themselves() -> None:
    random = np.random.default_rng(2)
    alone = Situations(np.arange(500), np.zeros(500, np.int64), random.integers(3, size=500), 3)
    model = fit(alone, random.random(500))
    same_action = alone.action == 0
    assert np.ptp(model.expect(alone)[same_action]) == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1_000), rows=st.integers(1, 60))
def test_expected_rewards_lie_within_those_seen(seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    seen, reward = situations(random, rows), random.normal(size=rows)
    found = fit(seen, reward).expect(situations(random, 200))
    assert found.min() >= reward.min()
    assert found.max() <= reward.max()


def test_what_a_row_earned_does_not_touch_what_is_expected_of_its_fold(make_log: MakeLog) -> None:
    log = make_log(300)
    table = uniform(log)
    before = cross_fitted(log, table, 3)
    fold = folds(log, 3) == 1
    after = cross_fitted(replace(log, reward=np.where(fold, 100.0, log.reward)), table, 3)
    assert np.array_equal(before.logged[fold], after.logged[fold])
    assert np.array_equal(before.policy[fold], after.policy[fold])
    assert not np.array_equal(before.logged[~fold], after.logged[~fold])


def test_rows_of_one_unit_share_a_fold(make_log: MakeLog) -> None:
    log = replace(make_log(300), unit=np.arange(300) // 3)
    fold = folds(log, 0).reshape(-1, 3)
    assert (fold == fold[:, :1]).all()
    assert set(fold.ravel().tolist()) == {0, 1, 2, 3, 4}


def test_the_policys_expectation_is_the_mean_over_its_actions(make_log: MakeLog) -> None:
    log = make_log(200)
    table = uniform(log)
    model = fit(logged_situations(log, table), log.reward)
    found = expect(model, log, table, np.arange(200)).policy
    every = [
        model.expect(
            Situations(log.context.codes, log.position.codes, np.full(200, action), len(log.action.names))
        )
        for action in range(len(log.action.names))
    ]
    assert found == pytest.approx(np.mean(every, axis=0))


def test_large_policies_are_looked_at_in_blocks(make_log: MakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log(200)
    whole = cross_fitted(log, uniform(log), 0).policy
    monkeypatch.setattr("training.off_policy.reward_model._BLOCK", 5)
    assert cross_fitted(log, uniform(log), 0).policy == pytest.approx(whole)

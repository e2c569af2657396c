"""Laws that hold for every log: what an estimator must give where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from training.off_policy.errors import NoSupportError
from training.off_policy.estimators import ESTIMATORS, Difference, importance, per_unit, terms
from training.off_policy.reward_model import Expectations

properties = settings(max_examples=40, deadline=None)
ROWS = 12
rewards = hnp.arrays(np.float64, ROWS, elements=st.floats(-5, 5, width=32))
propensities = hnp.arrays(np.float64, ROWS, elements=st.floats(0.01, 1))
weights = hnp.arrays(np.float64, ROWS, elements=st.floats(0, 50)).filter(lambda w: w.sum() > 0.1)


def estimate(
    name: str, weight: np.ndarray, reward: np.ndarray, expected: Expectations | None = None
) -> float:
    return float(ESTIMATORS[name].value(terms(weight, reward, expected).sum(axis=0)))


@properties
@given(reward=rewards, propensity=propensities, expected=rewards)
def test_of_the_logging_policy_itself_every_estimator_gives_the_mean_reward(
    reward: np.ndarray, propensity: np.ndarray, expected: np.ndarray
) -> None:
    weight = importance(propensity, propensity)
    # Of a policy that does what was logged, the model expects what it expects of the logged actions.
    foretold = Expectations(expected, expected)
    for name in ESTIMATORS:
        assert estimate(name, weight, reward, foretold) == pytest.approx(reward.mean(), abs=1e-9)


@properties
@given(weight=weights, reward=rewards, scale=st.floats(0.01, 100))
def test_snips_does_not_see_the_scale_of_the_weights(
    weight: np.ndarray, reward: np.ndarray, scale: float
) -> None:
    assert estimate("snips", weight * scale, reward) == pytest.approx(estimate("snips", weight, reward))


@properties
@given(weight=weights, reward=rewards)
def test_snips_stays_within_the_rewards(weight: np.ndarray, reward: np.ndarray) -> None:
    assert reward.min() - 1e-9 <= estimate("snips", weight, reward) <= reward.max() + 1e-9


@properties
@given(weight=weights, reward=rewards)
def test_doubly_robust_with_a_model_of_zero_is_ips(weight: np.ndarray, reward: np.ndarray) -> None:
    nothing = Expectations(np.zeros(ROWS), np.zeros(ROWS))
    assert estimate("dr", weight, reward, nothing) == pytest.approx(estimate("ips", weight, reward))


@properties
@given(weight=weights, reward=rewards, policy=rewards)
def test_doubly_robust_with_a_model_that_is_always_right_needs_no_weights(
    weight: np.ndarray, reward: np.ndarray, policy: np.ndarray
) -> None:
    assert estimate("dr", weight, reward, Expectations(reward, policy)) == pytest.approx(policy.mean())


@properties
@given(weight=weights, reward=rewards, shift=st.floats(-3, 3))
def test_snips_moves_with_the_rewards(weight: np.ndarray, reward: np.ndarray, shift: float) -> None:
    moved = estimate("snips", weight, reward + shift)
    assert moved == pytest.approx(estimate("snips", weight, reward) + shift, abs=1e-6)


@properties
@given(weight=weights, reward=rewards, clip=st.floats(0.01, 60))
def test_no_weight_is_above_the_clip_and_none_below_it_changes(
    weight: np.ndarray, reward: np.ndarray, clip: float
) -> None:
    clipped = importance(weight, np.ones(ROWS), clip)
    assert clipped.max() <= clip
    assert np.array_equal(clipped[weight <= clip], weight[weight <= clip])


@properties
@given(weight=weights, reward=rewards, unit=hnp.arrays(np.int64, ROWS, elements=st.integers(0, 3)))
def test_the_units_add_up_to_the_rows(weight: np.ndarray, reward: np.ndarray, unit: np.ndarray) -> None:
    rows = terms(weight, reward, Expectations(reward, reward))
    assert per_unit(rows, unit).sum(axis=0) == pytest.approx(rows.sum(axis=0))


@properties
@given(weight=weights, reward=rewards)
def test_influences_add_up_to_nothing(weight: np.ndarray, reward: np.ndarray) -> None:
    rows = terms(weight, reward)
    for statistic in (ESTIMATORS["snips"], Difference(ESTIMATORS["snips"], ESTIMATORS["ips"])):
        assert statistic.influence(rows).sum() == pytest.approx(0, abs=1e-6)


def test_a_policy_that_never_does_what_was_logged_is_refused() -> None:
    with pytest.raises(NoSupportError, match="never does what the log holds"):
        importance(np.zeros(3), np.ones(3))

"""What each kind of model must show before it may be published."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.bootstrap import Estimate
from training.evaluation.protocol import Scores, Target
from training.gate import METRIC, Kind, judge


def _scores(values: np.ndarray) -> Scores:
    value = float(values.mean())
    return Scores({METRIC: Estimate(value, value, value)}, values)


def _results(champion: float, popularity: float) -> dict[str, dict[Target, Scores]]:
    return {
        name: {target: _scores(np.full(50, value)) for target in Target}
        for name, value in (("champion", champion), ("popularity", popularity))
    }


@pytest.mark.parametrize(
    ("mine", "popular", "passed"), [(0.11, 0.1, True), (0.1, 0.1, False), (0.05, 0.1, False)]
)
def test_a_first_model_must_beat_popularity(mine: float, popular: float, passed: bool) -> None:
    verdict = judge(Kind.FIRST, _results(mine, popular))
    assert verdict.passed is passed
    assert len(verdict.reasons) == 2


def test_what_cannot_be_measured_does_not_pass() -> None:
    verdict = judge(Kind.FIRST, {})
    assert not verdict.passed
    assert "too little data" in verdict.reasons[0]


@pytest.mark.parametrize(("recorded", "passed"), [(0.11, True), (0.13, True), (0.2, False)])
def test_a_refresh_must_not_be_much_worse_than_the_served_model_was(recorded: float, passed: bool) -> None:
    verdict = judge(Kind.REFRESH, _results(0.11, 0.05), recorded={Target.NEW_ITEMS: recorded})
    assert verdict.passed is passed


@pytest.mark.parametrize(("gain", "passed"), [(0.05, True), (0.0, False), (-0.05, False)])
def test_a_new_configuration_must_be_surely_better(gain: float, passed: bool) -> None:
    random = np.random.default_rng(1)
    theirs = {target: _scores(random.random(200)) for target in Target}
    mine = {
        target: _scores(scores.ndcg + gain + 0.01 * random.standard_normal(200))
        for target, scores in theirs.items()
    }
    results = {"champion": mine, "popularity": {target: _scores(np.zeros(200)) for target in Target}}
    assert judge(Kind.NEW_CONFIGURATION, results, incumbent=theirs).passed is passed


def test_better_on_one_target_does_not_pay_for_surely_worse_on_the_other() -> None:
    theirs = {target: _scores(np.full(100, 0.2)) for target in Target}
    mine = {Target.NEW_ITEMS: _scores(np.full(100, 0.3)), Target.ALL_ITEMS: _scores(np.full(100, 0.1))}
    results = {"champion": mine, "popularity": {target: _scores(np.zeros(100)) for target in Target}}
    assert not judge(Kind.NEW_CONFIGURATION, results, incumbent=theirs).passed

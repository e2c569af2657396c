"""What each kind of model must show before it may be published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.evaluation.bootstrap import Estimate
from training.evaluation.protocol import METRIC, Scores, Sliced, Target
from training.evaluation.slices import Slice
from training.gate import Kind, Recorded, judge


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
    verdict = judge(Kind.REFRESH, _results(0.11, 0.05), recorded=Recorded({Target.NEW_ITEMS: recorded}))
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


def _with_slice(scores: Scores, values: np.ndarray) -> Scores:
    value, spread = float(values.mean()), 2 * float(values.std()) / len(values) ** 0.5
    sliced = Sliced(Estimate(value, value - spread, value + spread), values)
    return replace(scores, slices={Slice.COLD_USERS: sliced})


@pytest.mark.parametrize(
    ("loss", "people", "passed"), [(0.05, 100, False), (0.0, 100, True), (-0.05, 100, True), (0.05, 10, True)]
)
def test_better_overall_does_not_pay_for_surely_worse_on_a_slice(
    loss: float, people: int, passed: bool
) -> None:
    random = np.random.default_rng(2)
    cold = random.random(people)
    theirs = {target: _with_slice(_scores(np.full(200, 0.2)), cold) for target in Target}
    noise = 0.01 * random.standard_normal(people)
    mine = {target: _with_slice(_scores(np.full(200, 0.3)), cold - loss + noise) for target in Target}
    results = {"champion": mine, "popularity": {target: _scores(np.zeros(200)) for target in Target}}
    verdict = judge(Kind.NEW_CONFIGURATION, results, incumbent=theirs)
    assert verdict.passed is passed
    about_it = [reason for reason in verdict.reasons if "cold_users" in reason]
    assert len(about_it) == 2
    if people < 30:
        assert all("too few" in reason for reason in about_it)
    assert bool(verdict.refusals) is not passed
    assert all("cold_users" in reason for reason in verdict.refusals)


@pytest.mark.parametrize(("mine", "passed"), [(0.2, True), (0.15, True), (0.05, False)])
def test_a_refresh_must_not_be_surely_much_worse_on_a_slice(mine: float, passed: bool) -> None:
    values = np.full(100, mine) + 0.1 * np.random.default_rng(3).standard_normal(100)
    results = _results(0.11, 0.05)
    results["champion"] = {target: _with_slice(s, values) for target, s in results["champion"].items()}
    recorded = Recorded({Target.NEW_ITEMS: 0.11}, {(Target.NEW_ITEMS, Slice.COLD_USERS): 0.2})
    assert judge(Kind.REFRESH, results, recorded=recorded).passed is passed


def test_what_the_served_run_recorded_is_read_from_its_metrics() -> None:
    logged = {
        "champion/new_items/ndcg_at_10": 0.1,
        "champion/new_items/ndcg_at_10_low": 0.05,
        "champion/new_items/cold_users/ndcg_at_10": 0.3,
        "champion/new_items/cold_users/people": 40.0,
        "popularity/all_items/cold_users/ndcg_at_10": 0.2,
        "champion/of_a_later_release/ndcg_at_10": 0.9,
    }
    found = Recorded.of(logged)
    assert found.targets == {Target.NEW_ITEMS: 0.1}
    assert found.slices == {(Target.NEW_ITEMS, Slice.COLD_USERS): 0.3}


def test_a_refusal_says_what_was_wrong_and_only_that() -> None:
    verdict = judge(Kind.FIRST, _results(0.1, 0.2))
    assert verdict.refusals == verdict.reasons
    assert all("does not beat" in reason for reason in verdict.refusals)
    assert judge(Kind.FIRST, _results(0.2, 0.1)).refusals == ()

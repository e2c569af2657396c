"""Against the simulator, where the truth is known: intervals cover it, and a reward model narrows them."""

from __future__ import annotations

import numpy as np
import pytest

from recolake.simulator.showcase import Showcase
from training.off_policy.estimators import ESTIMATORS
from training.off_policy.evaluate import Evaluation, Question, evaluate
from training.off_policy.intervals import Method
from training.off_policy.log import Columns, log_of
from training.off_policy.policy import policy_of

LOGS, REQUESTS = 60, 1_500


def evaluated(page: Showcase, seed: int, question: Question, requests: int = REQUESTS) -> Evaluation:
    log = log_of(page.shown(np.random.default_rng(seed), requests), Columns(unit="request"), "log")
    return evaluate(log, policy_of(page.policy_table(), log, "policy"), question)


@pytest.fixture(scope="module")
def evaluations(page: Showcase) -> list[Evaluation]:
    return [evaluated(page, seed, Question(method=Method.NORMAL)) for seed in range(LOGS)]


@pytest.mark.parametrize("name", list(ESTIMATORS))
def test_intervals_cover_the_truth_as_often_as_they_say(
    evaluations: list[Evaluation], page: Showcase, name: str
) -> None:
    truth = page.truth()
    found = [evaluation.estimates[name] for evaluation in evaluations]
    covered = [estimated.value.low <= truth.policy <= estimated.value.high for estimated in found]
    gain = truth.policy - truth.logged
    versus = [estimated.difference.low <= gain <= estimated.difference.high for estimated in found]
    # Of 60 intervals of 95 % fewer than 52 cover once in a hundred times.
    assert sum(covered) >= 52
    assert sum(versus) >= 52
    values = np.array([estimated.value.value for estimated in found])
    assert abs(values.mean() - truth.policy) < 3 * values.std() / np.sqrt(LOGS)


def test_bootstrapped_intervals_cover_the_truth_too(page: Showcase) -> None:
    truth = page.truth()
    for seed in (1, 2, 3):
        for estimated in evaluated(page, seed, Question()).estimates.values():
            assert estimated.value.low <= truth.policy <= estimated.value.high
            assert estimated.difference.low > 0


def test_doubly_robust_estimates_vary_less_than_ips(evaluations: list[Evaluation]) -> None:
    values = {n: np.array([e.estimates[n].value.value for e in evaluations]) for n in ("ips", "dr")}
    assert values["dr"].var() < 0.9 * values["ips"].var()
    errors = {n: np.mean([e.estimates[n].value.standard_error for e in evaluations]) for n in ("ips", "dr")}
    assert errors["dr"] < 0.95 * errors["ips"]
    assert np.mean([e.explained for e in evaluations]) > 0.03


def test_the_mean_weight_is_one_and_wrong_propensities_are_noticed(page: Showcase) -> None:
    shown = page.shown(np.random.default_rng(0), REQUESTS)
    fine = log_of(shown, Columns(unit="request"), "log")
    wrong = log_of(shown.assign(propensity=shown.propensity / 2), Columns(unit="request"), "log")
    table = policy_of(page.policy_table(), fine, "policy")
    right = evaluate(fine, table, Question(method=Method.NORMAL))
    assert right.diagnostics.mean_weight.low < 1 < right.diagnostics.mean_weight.high
    assert right.warnings == ()
    assert right.diagnostics.unsupported_share == 0
    found = evaluate(wrong, table, Question(method=Method.NORMAL))
    assert any("should be 1" in warning for warning in found.warnings)
    assert found.estimates["snips"].value.value == pytest.approx(right.estimates["snips"].value.value)


def test_clipped_weights_are_counted_and_told(page: Showcase) -> None:
    found = evaluated(page, 0, Question(clip=2, method=Method.NORMAL))
    assert found.diagnostics.largest_weight == 2
    assert 0.01 < found.diagnostics.clipped_share < 0.5
    assert any("clipped" in warning for warning in found.warnings)
    whole = evaluated(page, 0, Question(method=Method.NORMAL))
    assert found.diagnostics.effective_sample_size > whole.diagnostics.effective_sample_size


def test_the_logging_policy_as_a_table_earns_the_mean_reward(page: Showcase) -> None:
    log = log_of(page.shown(np.random.default_rng(5), 400), Columns(unit="request"), "log")
    table = policy_of(page.policy_table().assign(probability=page.logging.ravel()), log, "policy")
    found = evaluate(log, table, Question(method=Method.NORMAL))
    for name in ("ips", "snips"):
        assert found.estimates[name].value.value == pytest.approx(log.reward.mean())
    assert found.diagnostics.effective_share == pytest.approx(1)

"""Looked at every hour, a harmless challenger is stopped no oftener than said; a harmful one is stopped."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from recolake.experiments.document import Guardrails, Metric
from recolake.experiments.guardrails import LEAST_PEOPLE, judge, people_needed, scaled
from recolake.experiments.outcomes import Arm, Outcomes, Total
from recolake.experiments.sequential import anytime_p_value, log_evidence

Array = npt.NDArray[np.float64]
HOURS, PEOPLE, LIVES = 48, 300, 80
# So that what is allowed can be told from what is seen in so many lives.
ALPHA_EACH = 0.1


def totals(values: Array) -> Total:
    return Total(float(values.sum()), float((values**2).sum()), int((values > 0).sum()))


def stopped_at(trial: Any, metric: Metric, grown: Array, challenger: npt.NDArray[np.bool_]) -> int | None:
    """The first hour at which the guardrail stops; `grown` [T, U] are people's totals so far."""
    for hour, values in enumerate(grown):
        name = str(metric)
        sides = [
            Arm(users=int(side.sum()), **{name: totals(values[side])}) for side in (~challenger, challenger)
        ]
        outcomes = Outcomes(*sides)
        trial = scaled(trial, outcomes)
        if any(verdict.harmful for verdict in judge(trial, outcomes)):
            return hour
    return None


def regulars(rng: np.random.Generator) -> Array:
    """Everybody is there from the start; some do much, most do little."""
    rate = rng.gamma(0.3, 0.2, PEOPLE)
    return rng.poisson(rate, (HOURS, PEOPLE)).astype(np.float64).cumsum(axis=0)


def newcomers(rng: np.random.Generator) -> Array:
    """Each comes once, does something or not, and never again: new evidence with every hour."""
    comes = rng.integers(0, HOURS, PEOPLE)
    acts = rng.random(PEOPLE) < 0.4
    return ((comes <= np.arange(HOURS)[:, None]) & acts).astype(np.float64)


def spenders(rng: np.random.Generator) -> Array:
    """Rare and very uneven amounts."""
    buys = rng.random((HOURS, PEOPLE)) < 0.01
    return np.where(buys, rng.lognormal(3, 1, (HOURS, PEOPLE)), 0.0).cumsum(axis=0)


@pytest.mark.parametrize(
    ("metric", "behave", "share"),
    [
        (Metric.CLICKS, regulars, 0.5),
        (Metric.FAILURES, regulars, 0.1),
        (Metric.CLICKS, newcomers, 0.5),
        (Metric.FAILURES, newcomers, 0.1),
        (Metric.REVENUE, spenders, 0.5),
    ],
)
def test_a_harmless_challenger_is_rarely_stopped_however_often_one_looks(
    experiment: Any, metric: Metric, behave: Any, share: float
) -> None:
    rng = np.random.default_rng(5)
    trial = experiment(share=share, guardrails=Guardrails(alpha=ALPHA_EACH * len(Metric)))
    stops = 0
    for _ in range(LIVES):
        grown, challenger = behave(rng), rng.random(PEOPLE) < share
        stops += stopped_at(trial, metric, grown, challenger) is not None
    allowed = ALPHA_EACH + 3 * math.sqrt(ALPHA_EACH * (1 - ALPHA_EACH) / LIVES)
    assert stops / LIVES <= allowed


def test_the_same_looks_with_a_test_made_for_one_look_stop_far_too_often() -> None:
    """What the guardrails are for: the simulation is hard enough to tell."""
    rng = np.random.default_rng(5)
    threshold, stops = 1.2816, 0  # one-sided 10 %
    for _ in range(LIVES):
        grown, challenger = newcomers(rng), rng.random(PEOPLE) < 0.5
        excess = ((challenger - 0.5) * grown).sum(axis=1)
        spread = np.sqrt(0.25 * (grown**2).sum(axis=1))
        enough = (grown > 0).sum(axis=1) >= LEAST_PEOPLE
        stops += bool((excess[enough] > threshold * spread[enough]).any())
    assert stops / LIVES > 2 * ALPHA_EACH


@pytest.mark.parametrize("metric", list(Metric))
def test_real_harm_is_found(experiment: Any, metric: Metric) -> None:
    rng = np.random.default_rng(6)
    factor = 3.0 if metric.harm > 0 else 0.2
    found = 0
    for _ in range(8):
        challenger = rng.random(PEOPLE) < 0.5
        rate = 0.02 * np.where(challenger, factor, 1.0)
        grown = rng.poisson(rate, (HOURS, PEOPLE)).astype(np.float64).cumsum(axis=0)
        found += stopped_at(experiment(), metric, grown, challenger) is not None
    assert found == 8


@pytest.mark.parametrize("metric", list(Metric))
def test_a_challenger_that_does_good_is_not_stopped(experiment: Any, metric: Metric) -> None:
    rng = np.random.default_rng(7)
    challenger = rng.random(PEOPLE) < 0.5
    rate = 0.02 * np.where(challenger, 0.2 if metric.harm > 0 else 3.0, 1.0)
    grown = rng.poisson(rate, (HOURS, PEOPLE)).astype(np.float64).cumsum(axis=0)
    assert stopped_at(experiment(), metric, grown, challenger) is None


@pytest.mark.parametrize("metric", list(Metric))
def test_harm_within_the_margin_is_no_harm(experiment: Any, metric: Metric) -> None:
    def outcomes(worse: float) -> Outcomes:
        each = 1 + metric.harm * worse
        theirs = Total(each * 5_000, each * each * 5_000, 5_000)
        name = str(metric)
        return Outcomes(Arm(5_000, **{name: Total(5_000, 5_000, 5_000)}), Arm(5_000, **{name: theirs}))

    def harmful(worse: float, margin: float) -> bool:
        trial = experiment(guardrails=Guardrails(margins={metric: margin}), scales={metric: 100.0})
        return any(verdict.harmful for verdict in judge(trial, outcomes(worse)))

    assert harmful(0.2, 0.0)
    assert harmful(0.2, 0.05)
    assert not harmful(0.2, 0.2)
    assert not harmful(0.05, 0.2)


def test_an_uneven_split_needs_more_people() -> None:
    needed = [people_needed(share) for share in (0.5, 0.1, 0.9, 0.05)]
    assert needed == [LEAST_PEOPLE, 84, 84, 158]


def test_few_people_stop_nothing(experiment: Any) -> None:
    few = LEAST_PEOPLE - 1
    outcomes = Outcomes(Arm(1_000), Arm(1_000, failures=Total(few, few, few)))
    assert scaled(experiment(), outcomes).scales == {}
    assert not any(verdict.harmful for verdict in judge(scaled(experiment(), outcomes), outcomes))


def test_a_scale_is_set_at_the_first_look_that_has_enough_people_and_stays(experiment: Any) -> None:
    def outcomes(people: int) -> Outcomes:
        return Outcomes(Arm(9, clicks=Total(people, people, people)), Arm(9))

    first = scaled(experiment(), outcomes(40))
    assert first.scales == {Metric.CLICKS: pytest.approx(0.25 * 40)}
    assert scaled(first, outcomes(400)).scales == first.scales


def test_the_evidence_is_the_mixture_that_it_is_said_to_be() -> None:
    """Against the integral over drifts, term by term."""
    drifts = np.linspace(0, 6, 200_001)
    for excess, variance, scale in [(0.0, 1.0, 2.0), (3.0, 4.0, 0.5), (-2.0, 3.0, 1.0), (8.0, 9.0, 5.0)]:
        prior = 2 * math.sqrt(scale / (2 * math.pi)) * np.exp(-scale * drifts**2 / 2)
        likelihood = np.exp(drifts * excess - drifts**2 * variance / 2)
        integral = float(np.trapezoid(prior * likelihood, drifts))
        assert log_evidence(excess, variance, scale) == pytest.approx(math.log(integral), rel=1e-4, abs=1e-4)


def test_evidence_of_the_opposite_is_no_evidence_and_no_error() -> None:
    assert log_evidence(-1e6, 1.0, 1.0) == -math.inf
    assert anytime_p_value(-math.inf) == 1.0
    assert 0 < anytime_p_value(log_evidence(10.0, 1.0, 1.0)) < 1e-6

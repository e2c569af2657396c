"""Intervals hold what they should as often as they say; a wrong split is told from chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.experiments.intervals import Difference, click_through, means, proportions
from recolake.experiments.outcomes import Arm, Total
from recolake.experiments.sample_ratio import FLAGGED_BELOW, sample_ratio_p_value

SAMPLES = 600
counts = st.integers(1, 400)


def total(values: np.ndarray) -> Total:
    return Total(float(values.sum()), float((values**2).sum()), int((values > 0).sum()))


def coverage(found: list[Difference], truth: float) -> float:
    return sum(d.low is not None and d.low <= truth <= (d.high or 0.0) for d in found) / len(found)


def test_the_score_interval_is_newcombe_s() -> None:
    """56/70 against 48/80, the first example of his paper: 0.0524 to 0.3339."""
    found = proportions(Total(48, 48, 48), 80, Total(56, 56, 56), 70)
    assert (found.low, found.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


@given(counts, counts, st.data())
def test_a_difference_of_shares_is_between_minus_one_and_one_and_within_its_interval(
    n: int, m: int, data: st.DataObject
) -> None:
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    found = proportions(Total(x, x, x), n, Total(y, y, y), m)
    assert found.low is not None
    assert found.high is not None
    assert -1 - 1e-9 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 1 + 1e-9


def test_intervals_of_click_through_cover_though_answers_to_one_person_hang_together() -> None:
    rng = np.random.default_rng(1)

    def arm(taste: float) -> Arm:
        answers = rng.poisson(6, 800) + 1
        # Everybody has a taste of their own, so that their answers are alike.
        clicks = rng.binomial(answers, rng.beta(2 * taste, 2 * (1 - taste), 800)).astype(float)
        answers = answers.astype(float)
        return Arm(
            800, exposures=total(answers), clicks=total(clicks), clicks_by_exposures=float(answers @ clicks)
        )

    found = [click_through(arm(0.1), arm(0.12)) for _ in range(SAMPLES)]
    assert 0.92 <= coverage(found, 0.02) <= 0.98


def test_intervals_of_means_cover() -> None:
    rng = np.random.default_rng(2)
    samples = [(rng.gamma(0.5, 10, 400), rng.gamma(0.5, 12, 600)) for _ in range(SAMPLES)]
    found = [means(total(a), 400, total(b), 600) for a, b in samples]
    assert 0.92 <= coverage(found, 1.0) <= 0.98


def test_without_people_there_are_no_intervals_and_no_error() -> None:
    for found in (
        proportions(Total(), 0, Total(), 0),
        means(Total(), 0, Total(), 1),
        click_through(Arm(), Arm(users=1)),
    ):
        assert (found.value, found.low, found.high) == (0.0, None, None)


def test_a_fair_split_passes_and_an_unfair_one_is_flagged() -> None:
    assert sample_ratio_p_value(0, 0, 0.5) == 1.0
    assert sample_ratio_p_value(5_000, 5_000, 0.5) == 1.0
    # 821,588 against 815,482 is the example of Kohavi, Tang and Xu (2020), chapter 3: p = 1.8e-6.
    assert sample_ratio_p_value(821_588, 815_482, 0.5) == pytest.approx(1.8e-6, rel=0.02)
    assert sample_ratio_p_value(9_000, 1_000, 0.1) > FLAGGED_BELOW
    assert sample_ratio_p_value(9_200, 800, 0.1) < FLAGGED_BELOW

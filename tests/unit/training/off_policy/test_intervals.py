"""Intervals agree with what textbooks give where they give it, and grow where rows hang together."""

from __future__ import annotations

import numpy as np
import pytest

from training.off_policy import intervals as module
from training.off_policy.estimators import ESTIMATORS, LOGGED, Difference, per_unit, terms
from training.off_policy.intervals import Method, intervals, resampled_sums


def rows(count: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return terms(random.exponential(size=count), (random.random(count) < 0.3).astype(float))


def test_of_a_mean_the_standard_error_is_the_usual_one() -> None:
    units = rows(400)
    found = intervals({"ips": ESTIMATORS["ips"]}, units, Method.NORMAL, 0.95, 0)["ips"]
    weighted = units[:, 3]
    assert found.value == pytest.approx(weighted.mean())
    assert found.standard_error == pytest.approx(weighted.std(ddof=1) / 20)
    assert found.high - found.value == pytest.approx(1.95996 * found.standard_error, rel=1e-4)


def test_bootstrap_and_normal_agree_on_many_even_rows() -> None:
    units = rows(3_000)
    for name in ("ips", "snips"):
        by = {m: intervals({name: ESTIMATORS[name]}, units, m, 0.9, 0)[name] for m in Method}
        width = by[Method.NORMAL].high - by[Method.NORMAL].low
        assert by[Method.BOOTSTRAP].low == pytest.approx(by[Method.NORMAL].low, abs=0.1 * width)
        assert by[Method.BOOTSTRAP].high == pytest.approx(by[Method.NORMAL].high, abs=0.1 * width)


def test_a_resample_has_as_many_units_as_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    units = per_unit(rows(50), np.arange(50))
    monkeypatch.setattr(module, "_BLOCK", 120)  # two resamples a block
    drawn = np.concatenate(list(resampled_sums(units, 0)))
    assert len(drawn) == module.SAMPLES
    assert (drawn[:, 0] == 50).all()
    assert drawn[:, 1].mean() == pytest.approx(units[:, 1].sum(), rel=0.05)


@pytest.mark.parametrize("method", list(Method))
def test_rows_that_are_copies_of_each_other_count_once(method: Method) -> None:
    alone = rows(200)
    copies = np.repeat(alone, 4, axis=0)
    statistics = {"snips": ESTIMATORS["snips"]}
    once = intervals(statistics, alone, method, 0.95, 0)["snips"]
    units = per_unit(copies, np.repeat(np.arange(200), 4))
    grouped = intervals(statistics, units, method, 0.95, 0)["snips"]
    naive = intervals(statistics, copies, method, 0.95, 0)["snips"]
    assert (grouped.low, grouped.high) == pytest.approx((once.low, once.high))
    assert naive.high - naive.low < 0.6 * (grouped.high - grouped.low)


@pytest.mark.parametrize("method", list(Method))
def test_a_policy_does_not_differ_from_itself(method: Method) -> None:
    random = np.random.default_rng(0)
    units = terms(np.ones(100), random.random(100))
    found = intervals({"d": Difference(ESTIMATORS["ips"], LOGGED)}, units, method, 0.95, 0)["d"]
    assert (found.value, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_more_confidence_is_a_wider_interval() -> None:
    widths = []
    for confidence in (0.5, 0.9, 0.99):
        found = intervals({"s": ESTIMATORS["snips"]}, rows(300), Method.BOOTSTRAP, confidence, 0)["s"]
        widths.append(found.high - found.low)
    assert widths == sorted(widths)


def test_a_resample_without_any_weight_says_nothing_of_snips() -> None:
    weight, reward = np.array([1.0, 0, 0, 0, 0]), np.array([1.0, 0, 0, 0, 0])
    found = intervals({"s": ESTIMATORS["snips"]}, terms(weight, reward), Method.BOOTSTRAP, 0.95, 0)["s"]
    assert (found.low, found.high) == (1, 1)

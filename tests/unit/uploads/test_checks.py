"""What an upload loses points for, and what it is not blamed for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.contracts.rules import RULES
from recolake.uploads.checks import BY_NAME, CHECKS, DEFAULTS, HOLD_BELOW, Tally, measure, score
from recolake.uploads.profile import History, Profile, divergence

TODAY = date(2026, 3, 1)
COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 1000), min_size=1).filter(
    lambda counts: sum(counts.values()) > 0
)


def days(count: int, rows: int, before: date = TODAY) -> dict[str, int]:
    return {(before - timedelta(days=n + 1)).isoformat(): rows for n in range(count)}


USUAL = {"types": {"purchase": 900, "view": 9000}, "prices": {"1": 500, "2": 400}, "worths": {"3": 900}}
HISTORY = History(days=days(28, 1000, TODAY - timedelta(days=1)), anonymous=2800, lags={"0": 28}, **USUAL)
DAY = (TODAY - timedelta(days=1)).isoformat()
GOOD = Tally(1000, 0, {})


def judged(profile: Profile, tally: Tally = GOOD, history: History = HISTORY) -> set[str]:
    """Checks that are not met."""
    measured = measure(tally, profile, history, DEFAULTS, TODAY)
    beyond = {
        name
        for name, value in measured.items()
        if (value < DEFAULTS[name] if BY_NAME[name].at_least else value > DEFAULTS[name])
    }
    assert beyond <= measured.keys()
    return beyond


def usual(**changes: object) -> Profile:
    values = {"days": {DAY: 1000}, "anonymous": 100, "lag_days": 0.5, "known": 900, "titled": 1000, **USUAL}
    return Profile(**(values | changes))  # type: ignore[arg-type]


def test_an_upload_like_those_before_loses_nothing() -> None:
    assert judged(usual()) == set()
    assert score([]) == 100


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"days": {DAY: 5100}}, "volume_high"),
        ({"days": {DAY: 150}}, "volume_low"),
        ({"types": {"cart": 1000}}, "drift_types"),
        ({"prices": {"9": 1000}}, "drift_prices"),
        ({"worths": {"-4": 1000}}, "drift_values"),
        ({"anonymous": 1000}, "anonymous"),
        ({"lag_days": 8.5}, "freshness"),
        ({"known": 50}, "unknown_items"),
        ({"titled": 700}, "untitled_items"),
    ],
)
def test_each_kind_of_oddity_is_found_and_nothing_else(changes: dict[str, object], expected: str) -> None:
    if expected == "volume_low":
        changes |= {"known": 150, "titled": 150, "anonymous": 15}
    if expected == "volume_high":
        changes |= {"known": 5000, "titled": 5100}
    assert judged(usual(**changes)) == {expected}


def test_a_day_that_is_not_over_is_not_too_small_and_late_rows_are_added_to_their_day() -> None:
    assert judged(usual(days={TODAY.isoformat(): 20}, known=20, titled=20, anonymous=2)) == set()
    late = {(TODAY - timedelta(days=20)).isoformat(): 3}
    history = History(days=days(60, 1000), anonymous=6000, lags={"0": 60}, **USUAL)
    assert "volume_low" not in judged(usual(days=late, known=3, titled=3, anonymous=0), history=history)


def test_without_a_past_only_what_needs_none_is_judged() -> None:
    measured = measure(GOOD, usual(), History(), DEFAULTS, TODAY)
    assert measured.keys() == {*(rule.reason for rule in RULES), "quarantined", "untitled_items"}
    assert measure(Tally(0, 0, {}), Profile(), History(), DEFAULTS, TODAY) == {}


def test_a_handful_of_broken_rows_fails_no_rule_but_a_file_that_breaks_off_does() -> None:
    few = Tally(4, 4, {"invalid_time": 4})
    assert judged(Profile(), few, History()) == set()
    many = Tally(4, 5, {"invalid_time": 5})
    assert judged(Profile(), many, History()) == {"invalid_time", "quarantined"}
    assert judged(Profile(), Tally(1000, 1, {"file_truncated": 1}), History()) == {"file_truncated"}


def test_one_grave_fault_holds_an_upload_and_three_small_ones_do_not() -> None:
    grave = [check.name for check in CHECKS if check.points > 40]
    small = [check.name for check in CHECKS if check.points < 40]
    assert all(score([name]) < DEFAULTS[HOLD_BELOW] for name in grave)
    assert score(small[:3]) >= DEFAULTS[HOLD_BELOW]
    assert score([check.name for check in CHECKS]) == 0


@given(COUNTS, COUNTS)
def test_divergence_is_a_symmetric_share_that_is_zero_for_equal_distributions(
    one: dict[str, int], other: dict[str, int]
) -> None:
    found = divergence(one, other)
    assert 0 <= found <= 1
    assert found == pytest.approx(divergence(other, one))
    assert divergence(one, {key: 3 * n for key, n in one.items()}) == pytest.approx(0, abs=1e-12)


def test_divergence_of_distributions_that_share_nothing_is_one_bit() -> None:
    assert divergence({"a": 7}, {"b": 1, "c": 4}) == pytest.approx(1)


def test_words_name_what_was_found_and_what_is_allowed() -> None:
    assert BY_NAME["quarantined"].words(0.5, 0.3) == "50.0% of the rows break some rule (at most 30.0%)"
    low = BY_NAME["volume_low"].words(0.1, 0.2)
    assert low == "Its days have 0.10 times the rows of a usual day (at least 0.20)"

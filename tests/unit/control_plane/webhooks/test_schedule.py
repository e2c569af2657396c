"""Retries keep their distance, and an endpoint is given up only when it failed both often and for long."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from control_plane.webhooks.schedule import MOST_TRIES, is_hopeless, pause

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.integers(1, 1_000), st.integers())
def test_pauses_grow_and_never_exceed_six_hours(tries: int, seed: int) -> None:
    found = pause(tries, random.Random(seed))
    whole = min(5 * 4 ** (min(tries, 20) - 1), 6 * 3_600)
    assert timedelta(seconds=whole / 2) <= found <= timedelta(seconds=whole)


def test_who_failed_together_does_not_come_back_together() -> None:
    assert len({pause(3) for _ in range(50)}) == 50


def test_an_event_is_tried_for_more_than_half_a_day_at_the_least() -> None:
    shortest = sum((pause(n) for n in range(1, MOST_TRIES)), timedelta())
    assert shortest > timedelta(hours=15)


def test_many_failures_in_an_hour_and_few_in_a_week_disable_nothing() -> None:
    assert not is_hopeless(1_000, NOW - timedelta(hours=1), NOW)
    assert not is_hopeless(3, NOW - timedelta(days=7), NOW)
    assert is_hopeless(20, NOW - timedelta(days=1), NOW)

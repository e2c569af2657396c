"""The arithmetic of rate limits: never more than promised, whatever callers and clocks do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.limits.gcra import MICROSECONDS, Rate, take

RATES = st.builds(Rate, st.floats(0.001, 10_000), st.integers(1, 1_000))
CALLS = st.lists(st.tuples(st.integers(0, 5 * MICROSECONDS), st.integers(1, 50)), max_size=60)


@given(RATES, CALLS)
def test_no_stretch_of_time_admits_more_than_the_burst_and_what_came_back(
    rate: Rate, calls: list[tuple[int, int]]
) -> None:
    now, tat, admitted = 0, None, []
    for pause, units in calls:
        now += pause
        said = take(rate, tat, now, units)
        if said.admitted:
            admitted.append((now, units))
        tat = said.tat
    for start, (began, _) in enumerate(admitted):
        total = 0
        for moment, units in admitted[start:]:
            total += units
            assert total <= rate.burst + rate.rate * (moment - began) / MICROSECONDS + 1e-6


@given(RATES, CALLS)
def test_after_the_told_wait_the_same_request_is_admitted_and_not_a_microsecond_before(
    rate: Rate, calls: list[tuple[int, int]]
) -> None:
    now, tat = 0, None
    for pause, asked in calls:
        now, units = now + pause, min(asked, rate.burst)
        said = take(rate, tat, now, units)
        if not said.admitted:
            assert take(rate, said.tat, now + said.wait, units).admitted
            assert not take(rate, said.tat, now + said.wait - 1, units).admitted
        tat = said.tat


@given(RATES, st.integers(1, 100))
def test_what_remains_is_what_is_admitted(rate: Rate, units: int) -> None:
    said = take(rate, None, 0, units)
    left = take(rate, said.tat, 0, 0).remaining
    assert left == (rate.burst - units if said.admitted else rate.burst)
    assert take(rate, said.tat, 0, left).admitted
    assert not take(rate, said.tat, 0, left + 1).admitted


@pytest.mark.fault(10)
@given(RATES, st.sampled_from([-3_600, 3_600, -86_400]))
def test_a_clock_that_jumps_shuts_a_bucket_no_longer_than_an_empty_one(rate: Rate, seconds: int) -> None:
    start = 10**15
    emptied = take(rate, None, start, rate.burst)
    after = start + seconds * MICROSECONDS
    said = take(rate, emptied.tat, after, 1)
    assert said.remaining >= 0
    assert said.wait <= rate.span
    assert take(rate, said.tat, after + rate.span, rate.burst).admitted or said.admitted

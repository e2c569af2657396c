"""While a dependency fails it is asked once a cooldown, not once a request."""

from __future__ import annotations

import pytest

from serving.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock) -> Breaker:
    breaker = Breaker(failures=3, cooldown_seconds=1.0, clock=clock)
    for _ in range(3):
        assert breaker.allow()
        breaker.failed()
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = broken(Clock())
    assert breaker.open
    assert not breaker.allow()


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(failures=3)
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert not breaker.open


@pytest.mark.fault(15)
def test_one_probe_passes_per_cooldown_until_one_succeeds() -> None:
    clock = Clock()
    breaker = broken(clock)
    for _ in range(3):
        clock.now += 1.0
        assert [breaker.allow() for _ in range(5)] == [True, False, False, False, False]
        breaker.failed()
    clock.now += 1.0
    assert breaker.allow()
    breaker.succeeded()
    assert [breaker.allow() for _ in range(5)] == [True] * 5

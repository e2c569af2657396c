"""No part of the background waits for another, or falls with it."""

from __future__ import annotations

import threading

import pytest

from serving import watcher as module
from serving.watcher import Watcher

LONG = 60.0


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.001)


def test_a_part_that_hangs_keeps_no_other_from_its_rounds() -> None:
    release, rounds = threading.Event(), threading.Semaphore(0)
    watcher = Watcher(
        {"hangs": lambda: release.wait(LONG) or None, "works": rounds.release}, threading.Event()
    )
    watcher.start()
    try:
        assert all(rounds.acquire(timeout=LONG) for _ in range(5))
    finally:
        release.set()
        watcher.stop()


def test_a_part_that_fails_is_called_again() -> None:
    calls = threading.Semaphore(0)

    def fail() -> None:
        calls.release()
        raise RuntimeError

    watcher = Watcher({"fails": fail}, threading.Event())
    watcher.start("fails")
    try:
        assert all(calls.acquire(timeout=LONG) for _ in range(3))
    finally:
        watcher.stop()


def test_the_parts_that_come_first_have_run_when_the_start_returns() -> None:
    order: list[str] = []
    parts = {name: (lambda n=name: order.append(n)) for name in ("a", "b", "c")}
    watcher = Watcher(parts, stopping := threading.Event())
    stopping.set()
    watcher.start("c", "a")
    assert order == ["c", "a"]
    watcher.stop()

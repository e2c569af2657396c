"""A runner ends a service for nothing but the service's own state, and waits for nobody it can do without."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from recolake.platform import runner as module
from recolake.platform import supervisor as supervisors
from recolake.platform.runner import Runner
from recolake.platform.service import Context, PlatformService
from recolake.platform.state import Phase, read_state
from recolake.platform.supervisor import Supervisor
from recolake.settings import Settings


class Waiter(PlatformService):
    """A process that waits for its end; healthy while nobody says otherwise."""

    name = "waiter"
    follows = ("other",)

    def __init__(self) -> None:
        self.answers = True
        self.starts: list[Phase] = []
        self.other = Phase.HEALTHY

    def command(self, context: Context) -> list[str]:
        self.starts.append(self.other)
        return [sys.executable, "-c", "import signal; signal.pause()"]

    def healthy(self, context: Context) -> bool:
        return self.answers


def until(condition: Callable[[], object]) -> None:
    """Ask again and again until it is so; fails after half a minute."""
    retry(retry=retry_if_result(lambda yes: not yes), stop=stop_after_delay(30), wait=wait_fixed(0.02))(
        condition
    )()


@pytest.fixture
def waiter() -> Waiter:
    return Waiter()


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    monkeypatch.setattr(module, "_HEALTH_SECONDS", 0.01)
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(supervisors, "_AGAIN_SECONDS", 0.01)
    settings = Settings(home=tmp_path)
    settings.run_root.mkdir()
    return Supervisor(settings)


@pytest.fixture
def runner(supervisor: Supervisor, waiter: Waiter) -> Iterator[Runner]:
    """Reports as every runner does; not started yet."""
    made = Runner(
        waiter,
        Context(supervisor.settings, 0),
        external=None,
        phase=lambda _: waiter.other,
        report=supervisor._report,
    )
    supervisor._runners[waiter.name] = made
    yield made
    made.stop()


def process_of(runner: Runner) -> psutil.Process:
    assert runner.state.pid is not None
    return psutil.Process(runner.state.pid)


def test_a_disk_that_takes_nothing_ends_no_service_and_is_told_later(
    runner: Runner, waiter: Waiter, supervisor: Supervisor
) -> None:
    runner.start()
    until(lambda: runner.state.phase is Phase.HEALTHY)
    process = process_of(runner)
    folder = supervisor.settings.run_root
    folder.rename(folder.with_name("away"))
    folder.write_text("a file: nothing can be written below it, as on a full disk")
    waiter.answers = False
    until(lambda: runner.state.phase is Phase.UNHEALTHY)
    waiter.answers = True
    until(lambda: runner.state.phase is Phase.HEALTHY)
    assert runner.is_alive()
    assert process.is_running()
    assert runner.state.restarts == 0

    folder.unlink()
    folder.with_name("away").rename(folder)
    (folder / "state.json").unlink()
    supervisor._report_again()
    assert read_state(supervisor.settings).services["waiter"].pid == process.pid


def test_what_could_not_be_written_down_is_stopped_all_the_same(
    runner: Runner, supervisor: Supervisor
) -> None:
    (supervisor.settings.run_root / "waiter.pid").mkdir()
    runner.start()
    until(lambda: runner.state.phase is Phase.HEALTHY)
    process = process_of(runner)
    runner.stop()
    assert not process.is_running()


def test_a_first_start_waits_for_those_that_are_on_their_way(runner: Runner, waiter: Waiter) -> None:
    asked: list[str] = []

    def phase(name: str) -> Phase:
        asked.append(name)
        if len(asked) == 3:
            waiter.other = Phase.HEALTHY
        return waiter.other

    waiter.other = Phase.STARTING
    runner._phase = phase
    runner.start()
    until(lambda: runner.state.phase is Phase.HEALTHY)
    assert waiter.starts == [Phase.HEALTHY]
    assert set(asked) == {"other"}


@pytest.mark.parametrize("other", [Phase.FAILED, Phase.STOPPED, Phase.UNHEALTHY])
def test_a_start_does_not_wait_for_those_that_are_down(runner: Runner, waiter: Waiter, other: Phase) -> None:
    waiter.other = other
    runner.start()
    until(lambda: runner.state.phase is Phase.HEALTHY)


def test_a_first_start_does_not_wait_for_ever(
    runner: Runner, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FOLLOW_SECONDS", 0.1)
    waiter.other = Phase.STARTING
    runner.start()
    until(lambda: runner.state.phase is Phase.HEALTHY)


def test_a_killed_service_comes_back_though_what_it_follows_is_down_and_flapping(
    runner: Runner, waiter: Waiter
) -> None:
    runner.start()
    until(lambda: runner.state.phase is Phase.HEALTHY)
    killed = process_of(runner)
    waiter.other = Phase.STARTING
    killed.kill()
    until(lambda: runner.state.phase is Phase.HEALTHY and runner.state.restarts == 1)
    assert process_of(runner).pid != killed.pid
    assert waiter.starts == [Phase.HEALTHY, Phase.STARTING]


def test_several_starts_in_vain_end_in_a_state_that_says_why(
    runner: Runner, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BACKOFF_SECONDS", (0.0,))
    monkeypatch.setattr(waiter, "command", lambda _: [sys.executable, "-c", "raise SystemExit('no luck')"])
    waiter.answers = False
    runner.start()
    until(lambda: runner.state.phase is Phase.FAILED)
    assert "no luck" in runner.state.error
    until(lambda: not runner.is_alive())

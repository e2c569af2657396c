"""The one background process of a platform: `python -m recolake.platform.supervisor`.

It runs the services named in `<home>/run/desired.json`, which may change meanwhile, until it gets SIGTERM;
whoever needs or follows another is stopped before that other. A lock makes sure that there is one
supervisor per state folder.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import psutil
from filelock import FileLock, Timeout

from recolake.files import write_atomically
from recolake.platform.books import Books
from recolake.platform.ports import choose_port, read_port
from recolake.platform.processes import kill, marked
from recolake.platform.runner import Runner
from recolake.platform.service import Context
from recolake.platform.services import BY_NAME, external_url, waves
from recolake.platform.state import Phase, PlatformState, pid_file, write_state
from recolake.settings import Settings, load_settings
from recolake.telemetry import configure_logging

NAME = "supervisor"
_POLL_SECONDS = 0.2
_AGAIN_SECONDS = 5.0


def desired_file(settings: Settings) -> Path:
    return settings.run_root / "desired.json"


def read_desired(settings: Settings) -> list[str]:
    """Names of the services that ought to run."""
    path = desired_file(settings)
    found: list[str] = json.loads(path.read_text()) if path.exists() else []
    return [name for name in found if name in BY_NAME]


def write_desired(settings: Settings, names: list[str]) -> None:
    write_atomically(desired_file(settings), json.dumps(names).encode())


class Supervisor:
    """One runner for each desired service; what failed is tried again when `up` writes the wish anew."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        self._runners: dict[str, Runner] = {}
        self._report_lock = threading.Lock()
        self._books = Books(NAME)
        self._next_attempt = 0.0

    def run(self) -> None:
        """Work until `stopping` is set, then stop everything."""
        seen = -1
        while not self.stopping.is_set():
            pause = _AGAIN_SECONDS
            with self._books.tolerating("wish"):
                written = desired_file(self.settings).stat().st_mtime_ns
                if written != seen:
                    self._stop_unwanted()
                    self._start_missing()
                    seen = written
                pause = _POLL_SECONDS
            self._report_again()
            self.stopping.wait(pause)
        self._stop(self._runners)
        kill(marked(self.settings.home))

    def _stop(self, names: Iterable[str]) -> None:
        with ThreadPoolExecutor(max_workers=len(BY_NAME)) as pool:
            for wave in waves(names):
                list(pool.map(lambda name: self._runners[name].stop(), wave))

    def _stop_unwanted(self) -> None:
        unwanted = set(self._runners) - set(read_desired(self.settings))
        self._stop(unwanted)
        for name in unwanted:
            del self._runners[name]
        if unwanted:
            self._report()

    def _start_missing(self) -> None:
        missing = [BY_NAME[name] for name in read_desired(self.settings) if self._must_start(name)]
        begun: dict[str, Runner] = {}
        for service in missing:
            context = Context(self.settings, read_port(self.settings, service.name))
            real = external_url(self.settings, service)
            if service.preferred_port and not real and not pid_file(self.settings, service.name).process():
                # All ports are chosen before anything starts: services read each other's.
                port = choose_port(self.settings, service.name, service.preferred_port)
                context = Context(self.settings, port)
            begun[service.name] = Runner(
                service, context, external=real, phase=self._phase, report=self._report
            )
        self._runners.update(begun)
        self._report()
        for runner in begun.values():
            runner.start()

    def _must_start(self, name: str) -> bool:
        runner = self._runners.get(name)
        return runner is None or (runner.state.phase is Phase.FAILED and not runner.is_alive())

    def _phase(self, name: str) -> Phase:
        runner = self._runners.get(name)
        return runner.state.phase if runner is not None else Phase.STOPPED

    def _report(self) -> None:
        with self._report_lock:
            self._books.write("state", self._write_state)

    def _report_again(self) -> None:
        """Make good what could not be reported, when its time has come."""
        with self._report_lock:
            now = time.monotonic()
            if now >= self._next_attempt:
                self._next_attempt = now + _AGAIN_SECONDS
                self._books.again()

    def _write_state(self) -> None:
        services = {name: runner.state for name, runner in list(self._runners.items())}
        write_state(self.settings, PlatformState(settings=self.settings.fingerprint(), services=services))


def main() -> None:
    """Become the supervisor of this state folder, if there is none."""
    configure_logging(NAME)
    settings = load_settings()
    settings.run_root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.run_root / "supervisor.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        sys.exit("another supervisor runs this state folder")
    supervisor = Supervisor(settings)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        supervisor.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    pid_file(settings, NAME).write(psutil.Process(os.getpid()))
    try:
        supervisor.run()
    finally:
        pid_file(settings, NAME).remove()
        lock.release()


if __name__ == "__main__":
    main()

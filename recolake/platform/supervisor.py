"""The one background process of a platform: `python -m recolake.platform.supervisor`.

It runs the services named in `<home>/run/desired.json`, which may grow while it runs, until it gets SIGTERM;
then it stops whoever needs another before that other. A lock makes sure that there is one per state folder.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import psutil
from filelock import FileLock, Timeout

from recolake.files import write_atomically
from recolake.platform.ports import choose_port, read_port
from recolake.platform.processes import kill, marked
from recolake.platform.runner import Runner
from recolake.platform.service import Context
from recolake.platform.services import BY_NAME, external_url, waves
from recolake.platform.state import Phase, PlatformState, pid_file, write_state
from recolake.settings import Settings, load_settings

NAME = "supervisor"
_POLL_SECONDS = 0.2


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

    def run(self) -> None:
        """Work until `stopping` is set, then stop everything."""
        seen = -1
        while not self.stopping.is_set():
            written = desired_file(self.settings).stat().st_mtime_ns
            if written != seen:
                seen = written
                self._start_missing()
            self.stopping.wait(_POLL_SECONDS)
        with ThreadPoolExecutor(max_workers=len(BY_NAME)) as pool:
            for wave in waves(self._runners):
                list(pool.map(lambda name: self._runners[name].stop(), wave))
        kill(marked(self.settings.home))

    def _start_missing(self) -> None:
        missing = [BY_NAME[name] for name in read_desired(self.settings) if self._must_start(name)]
        begun = []
        for service in missing:
            context = Context(self.settings, read_port(self.settings, service.name))
            real = external_url(self.settings, service)
            if service.preferred_port and not real and not pid_file(self.settings, service.name).process():
                # All ports are chosen before anything starts: services read each other's.
                port = choose_port(self.settings, service.name, service.preferred_port)
                context = Context(self.settings, port)
            runner = Runner(service, context, external=real, ready=self._ready, report=self._report)
            self._runners[service.name] = runner
            begun.append(runner)
        self._report()
        for runner in begun:
            runner.start()

    def _must_start(self, name: str) -> bool:
        runner = self._runners.get(name)
        return runner is None or (runner.state.phase is Phase.FAILED and not runner.is_alive())

    def _ready(self, name: str) -> bool:
        runner = self._runners.get(name)
        return runner is not None and runner.state.phase in (Phase.HEALTHY, Phase.EXTERNAL)

    def _report(self) -> None:
        with self._report_lock:
            services = {name: runner.state for name, runner in list(self._runners.items())}
            write_state(self.settings, PlatformState(settings=self.settings.fingerprint(), services=services))


def main() -> None:
    """Become the supervisor of this state folder, if there is none."""
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

"""The one background process of a platform: `python -m recolake.platform.supervisor`.

It runs the services named in `<home>/run/desired.json`, which may grow while it runs, until it gets SIGTERM; then it stops
them in the reverse order. A lock makes sure that there is one supervisor per state folder.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import psutil
from filelock import FileLock, Timeout

from recolake.files import write_atomically
from recolake.platform.ports import choose_ports
from recolake.platform.runner import Runner
from recolake.platform.service import Context, PlatformService
from recolake.platform.services import BY_NAME, SERVICES
from recolake.platform.state import Phase, PlatformState, ServiceState, pid_file, write_state
from recolake.settings import Settings, load_settings

NAME = "supervisor"
_POLL_SECONDS = 0.3


def desired_file(settings: Settings) -> Path:
    return settings.run_root / "desired.json"


def read_desired(settings: Settings) -> list[str]:
    path = desired_file(settings)
    found: list[str] = json.loads(path.read_text()) if path.exists() else []
    return [name for name in found if name in BY_NAME]


def write_desired(settings: Settings, names: list[str]) -> None:
    write_atomically(desired_file(settings), json.dumps(names).encode())


def is_external(settings: Settings, service: PlatformService) -> bool:
    """Whether a setting names a real server in place of this one (of its whole family, for Airflow's helpers)."""
    endpoint = service.endpoint or service.name.split("-", 1)[0]
    return bool(getattr(settings, f"{endpoint}_url", None))


class Supervisor:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        self._runners: dict[str, Runner] = {}
        self._report_lock = threading.Lock()

    def run(self) -> None:
        while not self.stopping.is_set():
            self._start_missing()
            self.stopping.wait(_POLL_SECONDS)
        for service in reversed(SERVICES):
            if service.name in self._runners:
                self._runners[service.name].stop()
        self._report()

    def _start_missing(self) -> None:
        missing = [BY_NAME[name] for name in read_desired(self.settings) if self._must_start(name)]
        if not missing:
            return
        ports = choose_ports(
            self.settings,
            {s.name: s.preferred_port for s in missing if s.preferred_port and not self._adoptable(s)},
        ) | {s.name: self._last_port(s) for s in missing if self._adoptable(s)}
        for service in missing:
            context = Context(self.settings, ports.get(service.name, 0))
            runner = Runner(service, context, ready=self._ready, report=self._report)
            self._runners[service.name] = runner
        for service in missing:
            self._runners[service.name].start()

    def _must_start(self, name: str) -> bool:
        runner = self._runners.get(name)
        if is_external(self.settings, BY_NAME[name]):
            return False
        return runner is None or (
            runner.state.phase is Phase.FAILED and not runner.is_alive() and self._asked_again()
        )

    def _asked_again(self) -> bool:
        """A failed service is tried again when `up` writes the wish anew, not by itself."""
        wished = desired_file(self.settings).stat().st_mtime
        return any(r.state.phase is Phase.FAILED and r.state.since < wished for r in self._runners.values())

    def _adoptable(self, service: PlatformService) -> bool:
        return pid_file(self.settings, service.name).process() is not None

    def _last_port(self, service: PlatformService) -> int:
        from recolake.platform.ports import read_port

        return read_port(self.settings, service.name)

    def _ready(self, name: str) -> bool:
        if is_external(self.settings, BY_NAME[name]):
            return True
        runner = self._runners.get(name)
        return runner is not None and runner.state.phase is Phase.HEALTHY

    def _report(self) -> None:
        with self._report_lock:
            services = {name: runner.state for name, runner in list(self._runners.items())}
            for service in SERVICES:
                if is_external(self.settings, service):
                    endpoint = service.endpoint or service.name.split("-", 1)[0]
                    url = getattr(self.settings, f"{endpoint}_url")
                    services[service.name] = ServiceState(phase=Phase.EXTERNAL, url=url)
            write_state(self.settings, PlatformState(services=services))


def main() -> None:
    settings = load_settings()
    settings.run_root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.run_root / "supervisor.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        sys.exit("another supervisor runs this state folder")
    pid_file(settings, NAME).write(psutil.Process(os.getpid()))
    supervisor = Supervisor(settings)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        supervisor.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        supervisor.run()
    finally:
        pid_file(settings, NAME).remove()
        lock.release()


if __name__ == "__main__":
    main()

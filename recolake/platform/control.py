"""Bring the platform up, take it down, say how it is."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

from recolake.errors import InvalidInputError, ServiceUnavailableError
from recolake.platform.processes import memory_of, start, stop_tree, tail
from recolake.platform.service import base_environment
from recolake.platform.services import BY_NAME, SERVICES
from recolake.platform.state import Phase, ServiceState, log_file, pid_file, read_state
from recolake.platform.supervisor import NAME, is_external, read_desired, write_desired
from recolake.settings import Settings

_POLL_SECONDS = 0.2
_SETTLED = (Phase.HEALTHY, Phase.EXTERNAL)

Progress = Callable[[str, ServiceState], None]


@dataclass(frozen=True, slots=True)
class Status:
    """One line of `recolake status`; memory in MiB, uptime in seconds."""

    service: str
    health: str
    url: str | None
    pid: int | None
    memory_mib: int
    uptime: float | None
    restarts: int


def default_services() -> list[str]:
    return [service.name for service in SERVICES if not service.on_request]


def with_needs(names: Iterable[str]) -> list[str]:
    """The named services and what they need, in listing order.

    Raises:
        InvalidInputError: there is no service of that name.
    """
    wanted: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name not in BY_NAME:
            raise InvalidInputError(f"There is no service '{name}'.", hint=f"Services: {', '.join(BY_NAME)}.")
        wanted.add(name)
        queue.extend(set(BY_NAME[name].needs) - wanted)
    return [service.name for service in SERVICES if service.name in wanted]


def up(settings: Settings, names: Iterable[str] | None = None, *, progress: Progress | None = None) -> None:
    """Start what is not running of the named services (all, but those on request) and wait until all are healthy.

    Raises:
        ServiceUnavailableError: one of them did not start; the message holds the end of its log.
    """
    wanted = with_needs(names) if names is not None else default_services()
    for folder in (settings.run_root, settings.log_root):
        folder.mkdir(parents=True, exist_ok=True)
    settings.secrets_root.mkdir(parents=True, exist_ok=True, mode=0o700)
    running = read_desired(settings) if _supervisor(settings) else []
    write_desired(settings, [s.name for s in SERVICES if s.name in {*wanted, *running}])
    _ensure_supervisor(settings)
    _await(settings, wanted, progress)


def _supervisor(settings: Settings) -> psutil.Process | None:
    return pid_file(settings, NAME).process()


def _ensure_supervisor(settings: Settings) -> None:
    if _supervisor(settings):
        return
    # What an earlier supervisor wrote last is history now.
    (settings.run_root / "state.json").unlink(missing_ok=True)
    log = log_file(settings, NAME)
    child = start(
        [sys.executable, "-m", "recolake.platform.supervisor"],
        environment=base_environment(settings),
        folder=settings.home,
        log=log,
    )
    deadline = time.monotonic() + 30
    while _supervisor(settings) is None:
        if child.poll() is not None or time.monotonic() > deadline:
            raise ServiceUnavailableError("The supervisor did not start.", hint=tail(log))
        time.sleep(_POLL_SECONDS)


def _await(settings: Settings, wanted: list[str], progress: Progress | None) -> None:
    seen: dict[str, Phase] = {}
    asked = time.time()
    while True:
        states = read_state(settings).services
        for name in wanted:
            state = _state_of(settings, name, states)
            if progress and seen.get(name) != state.phase:
                progress(name, state)
            seen[name] = state.phase
            if state.phase is Phase.FAILED and state.since >= asked - 1:
                raise ServiceUnavailableError(
                    f"The service '{name}' did not start: {state.error}",
                    hint=f"Its log: {log_file(settings, name)}",
                )
        if all(seen[name] in _SETTLED for name in wanted):
            return
        if _supervisor(settings) is None:
            raise ServiceUnavailableError("The supervisor ended.", hint=tail(log_file(settings, NAME)))
        time.sleep(_POLL_SECONDS)


def _state_of(settings: Settings, name: str, states: dict[str, ServiceState]) -> ServiceState:
    if is_external(settings, BY_NAME[name]):
        return ServiceState(phase=Phase.EXTERNAL)
    return states.get(name, ServiceState())


def down(settings: Settings, *, progress: Callable[[str], None] | None = None) -> None:
    """Stop everything that belongs to this state folder; what is not ours is left alone. Nothing is lost."""
    supervisor = _supervisor(settings)
    if supervisor is not None:
        if progress:
            progress("stopping all services")
        supervisor.terminate()
        patience = sum(service.stop_seconds for service in SERVICES)
        try:
            supervisor.wait(timeout=patience)
        except psutil.TimeoutExpired:
            supervisor.kill()
    for service in reversed(SERVICES):
        left = pid_file(settings, service.name).process()
        if left is not None and left.pid != os.getpid():
            stop_tree(left, service.stop_seconds)
        pid_file(settings, service.name).remove()
    (settings.run_root / "endpoints.json").unlink(missing_ok=True)


def status(settings: Settings) -> list[Status]:
    """How each service is now."""
    supervised = _supervisor(settings) is not None
    states = read_state(settings).services
    return [_status_of(settings, name, states.get(name), supervised=supervised) for name in BY_NAME]


def _status_of(settings: Settings, name: str, state: ServiceState | None, *, supervised: bool) -> Status:
    service = BY_NAME[name]
    if is_external(settings, service):
        url = getattr(settings, f"{service.endpoint or service.name.split('-', 1)[0]}_url")
        return Status(name, Phase.EXTERNAL, url, None, 0, None, 0)
    process = pid_file(settings, name).process()
    if process is None:
        phase = state.phase if state and supervised else Phase.STOPPED
        return Status(name, phase, None, None, 0, None, state.restarts if state else 0)
    phase = state.phase if state else Phase.UNHEALTHY
    return Status(
        name,
        phase,
        state.url if state else None,
        process.pid,
        memory_of(process) >> 20,
        time.time() - process.create_time(),
        state.restarts if state else 0,
    )

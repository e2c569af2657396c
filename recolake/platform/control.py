"""Bring the platform up, take it down, say how it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import psutil
from filelock import FileLock

from recolake.errors import InvalidInputError, ServiceUnavailableError
from recolake.platform.home import secure_home
from recolake.platform.ports import read_port
from recolake.platform.processes import kill, marked, memory_of, start, stop_tree, tail
from recolake.platform.service import Context, base_environment
from recolake.platform.services import BY_NAME, SERVICES, external_url, waves
from recolake.platform.state import Phase, ServiceState, log_file, pid_file, read_state, state_file
from recolake.platform.supervisor import NAME, read_desired, write_desired
from recolake.settings import Settings

_POLL_SECONDS = 0.2
_DOWN_SECONDS = 120.0

Progress = Callable[[str, ServiceState], None]


@dataclass(frozen=True, slots=True)
class Status:
    """One line of `recolake status`; memory in MiB, uptime in seconds.

    `behind` is of Kafka: messages that wait for bronze.
    """

    service: str
    health: str
    url: str | None
    pid: int | None
    memory_mib: int
    uptime: float | None
    restarts: int
    behind: int | None = None


def default_services() -> list[str]:
    return [service.name for service in SERVICES if not service.on_request]


def with_needs(names: Iterable[str]) -> list[str]:
    """The named services and what they need or follow, in listing order.

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
        queue.extend(BY_NAME[name].company - wanted)
    return [service.name for service in SERVICES if service.name in wanted]


def up(settings: Settings, names: Iterable[str] | None = None, *, progress: Progress | None = None) -> None:
    """Start what does not run of the named services (all, but those on request); wait until all are healthy.

    Raises:
        InvalidInputError: there is no service of that name.
        ServiceUnavailableError: one of them did not start; the message holds the end of its log. Or the
            platform runs already, with other settings.
    """
    wanted = with_needs(names) if names is not None else default_services()
    secure_home(settings)
    with FileLock(settings.run_root / "up.lock"):
        running = _running(settings)
        asked = time.time()
        write_desired(settings, [s.name for s in SERVICES if s.name in {*wanted, *running}])
        _ensure_supervisor(settings)
    _await(settings, wanted, asked, progress)
    # Services make folders of their own.
    secure_home(settings)


def _running(settings: Settings) -> list[str]:
    """What the present supervisor was asked for; nothing if there is none."""
    if _supervisor(settings) is None:
        return []
    if read_state(settings).settings not in ("", settings.fingerprint()):
        raise ServiceUnavailableError(
            "The platform runs with other settings than those of this command.",
            hint="Run `recolake down` first, or use the same RECOLAKE_... variables.",
        )
    return read_desired(settings)


def _supervisor(settings: Settings) -> psutil.Process | None:
    return pid_file(settings, NAME).process()


def _ensure_supervisor(settings: Settings) -> None:
    if _supervisor(settings):
        return
    # What an earlier supervisor wrote last is history now.
    state_file(settings).unlink(missing_ok=True)
    log = log_file(settings, NAME)
    child = start(
        [sys.executable, "-m", "recolake.platform.supervisor"],
        environment=base_environment(settings),
        folder=settings.run_root,
        log=log,
    )
    deadline = time.monotonic() + 30
    while _supervisor(settings) is None:
        if child.poll() is not None or time.monotonic() > deadline:
            raise ServiceUnavailableError("The supervisor did not start.", hint=tail(log))
        time.sleep(_POLL_SECONDS)


def _await(settings: Settings, wanted: list[str], asked: float, progress: Progress | None) -> None:
    seen: dict[str, Phase] = {}
    while True:
        states = read_state(settings).services
        for name in wanted:
            state = states.get(name, ServiceState())
            if progress and seen.get(name) != state.phase:
                progress(name, state)
            seen[name] = state.phase
            if state.phase is Phase.FAILED and state.since >= asked:
                raise ServiceUnavailableError(
                    f"The service '{name}' did not start: {state.error}",
                    hint=f"Its log: {log_file(settings, name)}",
                )
        if all(seen[name].is_up for name in wanted):
            return
        if _supervisor(settings) is None:
            raise ServiceUnavailableError("The supervisor ended.", hint=tail(log_file(settings, NAME)))
        time.sleep(_POLL_SECONDS)


def down(
    settings: Settings,
    names: Iterable[str] | None = None,
    *,
    progress: Callable[[str], None] | None = None,
) -> bool:
    """Stop everything that belongs to this state folder; what is not ours is left alone. Nothing is lost.

    With `names`, stop these services and those that need or follow one of them; the others go on.

    Returns whether there was anything to stop.

    Raises:
        InvalidInputError: there is no service of that name.
    """
    if names is not None:
        return _stop_some(settings, names, progress)
    supervisor = _supervisor(settings)
    if supervisor is not None:
        if progress:
            progress("stopping all services")
        supervisor.terminate()
        _, stubborn = psutil.wait_procs([supervisor], timeout=_DOWN_SECONDS)
        kill(stubborn)
    orphans = _stop_orphans(settings)
    (settings.run_root / "endpoints.json").unlink(missing_ok=True)
    return supervisor is not None or orphans


def _stop_some(
    settings: Settings, names: Iterable[str], progress: Callable[[str], None] | None = None
) -> bool:
    asked = set(names)
    with_needs(asked)
    with FileLock(settings.run_root / "up.lock"):
        running = _running(settings)
        stopped = [name for name in running if asked & set(with_needs([name]))]
        write_desired(settings, [name for name in running if name not in stopped])
    if progress and stopped:
        progress(f"stopping {', '.join(stopped)}")
    while _supervisor(settings) is not None and read_state(settings).services.keys() & set(stopped):
        time.sleep(_POLL_SECONDS)
    return bool(stopped)


def _stop_orphans(settings: Settings) -> bool:
    """Stop what a supervisor that was killed left behind; whether there was any."""
    found = False
    for service in (BY_NAME[name] for wave in waves(BY_NAME) for name in wave):
        left = pid_file(settings, service.name)
        process = left.process()
        if process is not None:
            found = True
            stop_tree(process, service.stop_seconds, service.stop_signal)
        left.remove()
    pid_file(settings, NAME).remove()
    strays = marked(settings.home)
    kill(strays)
    return found or bool(strays)


def status(settings: Settings) -> list[Status]:
    """How each service is now."""
    supervised = _supervisor(settings) is not None
    states = read_state(settings).services
    with ThreadPoolExecutor(max_workers=len(BY_NAME)) as pool:
        return list(
            pool.map(
                lambda n: _with_lag(settings, _status_of(settings, n, states.get(n), supervised=supervised)),
                BY_NAME,
            )
        )


def _with_lag(settings: Settings, found: Status) -> Status:
    if found.service != "kafka" or not Phase(found.health).is_up:
        return found
    from recolake.kafka.position import measure_lag

    try:
        return replace(found, behind=sum(lag.behind for lag in measure_lag(settings)))
    except ServiceUnavailableError:
        return found


def _status_of(settings: Settings, name: str, state: ServiceState | None, *, supervised: bool) -> Status:
    url = external_url(settings, BY_NAME[name])
    if url:
        return Status(name, Phase.EXTERNAL, url, None, 0, None, 0)
    state = state or ServiceState(phase=Phase.STOPPED)
    process = pid_file(settings, name).process()
    if process is None:
        phase = state.phase if supervised else Phase.STOPPED
        # The pid is gone and the supervisor has not noticed yet.
        phase = Phase.STARTING if phase.is_up else phase
        return Status(name, phase, None, None, 0, None, state.restarts)
    phase = state.phase
    if not supervised:
        # Its supervisor was killed: nobody else asks it.
        phase = Phase.HEALTHY if _answers(settings, name) else Phase.UNHEALTHY
    return Status(
        name,
        phase,
        state.url,
        process.pid,
        memory_of(process) >> 20,
        time.time() - process.create_time(),
        state.restarts,
    )


def _answers(settings: Settings, name: str) -> bool:
    try:
        return BY_NAME[name].healthy(Context(settings, read_port(settings, name)))
    except Exception:
        # A probe that fails, for whatever reason, is a "no".
        return False

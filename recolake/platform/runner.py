"""Keeps one service running: waits for what it needs, prepares, starts, probes, and starts it again when it dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psutil

from recolake.endpoints import write_endpoint
from recolake.platform.processes import PidFile, start, stop_tree, tail, trim_log
from recolake.platform.service import Context, PlatformService, base_environment
from recolake.platform.state import Phase, ServiceState, log_file, pid_file

_POLL_SECONDS = 0.25
_HEALTH_SECONDS = 5.0
_LONGEST_BACKOFF = 30.0
_HOPELESS_STARTS = 3

_endpoints_lock = threading.Lock()


class Runner(threading.Thread):
    """The thread of one service.

    Args:
        ready: whether a service of that name may be relied on now.
        report: called after every change of the state.
    """

    def __init__(
        self,
        service: PlatformService,
        context: Context,
        *,
        ready: Callable[[str], bool],
        report: Callable[[], None],
    ) -> None:
        super().__init__(name=service.name, daemon=True)
        self.service = service
        self.context = context
        self.state = ServiceState(since=time.time())
        self._ready = ready
        self._report = report
        self._stopping = threading.Event()

    @property
    def _pid_file(self) -> PidFile:
        return pid_file(self.context.settings, self.service.name)

    def _enter(self, phase: Phase, **changes: object) -> None:
        self.state = self.state.model_copy(update={"phase": phase, "since": time.time(), **changes})
        self._report()

    def run(self) -> None:
        backoff, starts_in_vain = 1.0, 0
        while not self._stopping.is_set():
            try:
                process = self._bring_up()
            except _StoppedError:
                break
            except Exception as error:  # noqa: BLE001 - whatever a start can raise ends in the state that `up` shows
                starts_in_vain += 1
                hopeless = starts_in_vain >= _HOPELESS_STARTS
                self._enter(
                    Phase.FAILED if hopeless else Phase.STARTING, pid=None, error=self._explain(error)
                )
                if hopeless:
                    return
            else:
                starts_in_vain, backoff = 0, 1.0
                self._watch(process)
                if self._stopping.is_set():
                    break
                self._enter(
                    Phase.STARTING, pid=None, restarts=self.state.restarts + 1, error="it ended by itself"
                )
            self._stopping.wait(backoff)
            backoff = min(2 * backoff, _LONGEST_BACKOFF)

    def stop(self) -> None:
        """End the service and withdraw its address."""
        self._stopping.set()
        process = self._pid_file.process()
        if process is not None:
            stop_tree(process, self.service.stop_seconds)
        self._pid_file.remove()
        self._publish(None)
        self._enter(Phase.STOPPED, pid=None, url=None)

    def _bring_up(self) -> psutil.Process:
        adopted = self._pid_file.process()
        if adopted is None:
            while not all(map(self._ready, self.service.needs)):
                self._pause()
            self._enter(Phase.PREPARING)
            self.service.prepare(self.context)
            process = self._start()
        else:
            # An earlier supervisor was killed; what it started goes on.
            process = adopted
        self._enter(Phase.STARTING, pid=process.pid)
        self._await_health(process)
        self.service.complete(self.context)
        self._publish(self.service.url(self.context))
        self._enter(Phase.HEALTHY, url=self.service.url(self.context), error="")
        return process

    def _start(self) -> psutil.Process:
        settings = self.context.settings
        if self._stopping.is_set():
            raise _StoppedError
        child = start(
            self.service.command(self.context),
            environment=base_environment(settings) | dict(self.service.environment(self.context)),
            folder=settings.home,
            log=log_file(settings, self.service.name),
            user=self.service.user(),
        )
        process: psutil.Process = psutil.Process(child.pid)
        self._pid_file.write(process)
        return process

    def _await_health(self, process: psutil.Process) -> None:
        deadline = time.monotonic() + self.service.start_seconds
        while time.monotonic() < deadline:
            if not _alive(process):
                message = "it ended while starting"
                raise RuntimeError(message)
            if self._healthy():
                return
            self._pause()
        stop_tree(process, self.service.stop_seconds)
        message = f"it did not become healthy within {self.service.start_seconds:.0f} s"
        raise RuntimeError(message)

    def _watch(self, process: psutil.Process) -> None:
        next_probe = time.monotonic() + _HEALTH_SECONDS
        while _alive(process):
            if self._stopping.wait(_POLL_SECONDS):
                return
            if time.monotonic() >= next_probe:
                phase = Phase.HEALTHY if self._healthy() else Phase.UNHEALTHY
                if phase != self.state.phase:
                    self._enter(phase)
                trim_log(log_file(self.context.settings, self.service.name))
                next_probe = time.monotonic() + _HEALTH_SECONDS

    def _healthy(self) -> bool:
        try:
            return self.service.healthy(self.context)
        except Exception:  # noqa: BLE001 - a probe that fails, for whatever reason, is a "no"
            return False

    def _publish(self, url: str | None) -> None:
        if self.service.endpoint is not None:
            with _endpoints_lock:
                write_endpoint(self.context.settings, self.service.endpoint, url)

    def _pause(self) -> None:
        if self._stopping.wait(_POLL_SECONDS):
            raise _StoppedError

    def _explain(self, error: Exception) -> str:
        end = tail(log_file(self.context.settings, self.service.name))
        return f"{error}\n{end}".strip()


class _StoppedError(Exception):
    """The supervisor asked this runner to end."""


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False

"""Keeps one service running: waits for what it needs, prepares, starts, probes, restarts.

Only what becomes of the process itself ends it. That a pid, an address or a state cannot be written down (the
disk is full, say) is logged, and made good once it can.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable

import psutil

from recolake.endpoints import write_endpoint
from recolake.errors import RecolakeError
from recolake.platform.books import Books
from recolake.platform.ports import choose_port
from recolake.platform.processes import PidFile, kill_rest_of_session, start, stop_tree, tail, trim_log
from recolake.platform.service import Context, PlatformService, base_environment
from recolake.platform.state import Phase, ServiceState, log_file, pid_file

_POLL_SECONDS = 0.2
_HEALTH_SECONDS = 5.0
_BACKOFF_SECONDS = (0.2, 0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
# A service that ran this long before it crashed starts again without a longer pause.
_STEADY_SECONDS = 60.0
_HOPELESS_STARTS = 3
# How long a first start waits for services that it can do without.
_FOLLOW_SECONDS = 30.0
# A machine under load may answer one probe late.
_MISSES = 3

_endpoints_lock = threading.Lock()


class Runner(threading.Thread):
    """The thread of one service.

    Args:
        external: address of the real server that stands in for it; then nothing is started.
        phase: of the service of that name.
        report: called after every change of the state.
    """

    def __init__(
        self,
        service: PlatformService,
        context: Context,
        *,
        external: str | None,
        phase: Callable[[str], Phase],
        report: Callable[[], None],
    ) -> None:
        super().__init__(name=service.name, daemon=True)
        self.service = service
        self.context = context
        self.state = ServiceState(since=time.time())
        self._external = external
        self._phase = phase
        self._report = report
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._pid_file: PidFile = pid_file(context.settings, service.name)
        self._books = Books(service.name)

    def run(self) -> None:
        """Until `stop`, or until several starts in a row were in vain."""
        crashes = in_vain = 0
        with contextlib.suppress(_StoppedError):
            self._follow()
            while True:
                began = time.monotonic()
                process = self._try_start()
                if process is not None:
                    in_vain = 0
                    self._watch(process)
                    if self.service.workers_outlive_it:
                        kill_rest_of_session(process.pid)
                    self._enter(
                        Phase.STARTING, pid=None, restarts=self.state.restarts + 1, error="it ended by itself"
                    )
                elif self.state.phase is Phase.EXTERNAL:
                    return
                else:
                    in_vain += 1
                    if in_vain >= _HOPELESS_STARTS:
                        self._enter(Phase.FAILED)
                        return
                crashes = 0 if time.monotonic() - began > _STEADY_SECONDS else crashes + 1
                self._pause(_BACKOFF_SECONDS[min(crashes, len(_BACKOFF_SECONDS) - 1)])

    def stop(self) -> None:
        """End the service and withdraw its address."""
        self._stopping.set()
        if self.is_alive():
            self.join()
        if self._external:
            return
        self._end()
        self._publish(None)
        self._enter(Phase.STOPPED, pid=None, url=None)

    def _follow(self) -> None:
        """Give those that this service follows a while to come up. Not at a restart: they may stay down."""
        deadline = time.monotonic() + _FOLLOW_SECONDS
        while time.monotonic() < deadline and any(self._phase(n).is_coming for n in self.service.follows):
            self._pause()

    def _try_start(self) -> psutil.Process | None:
        """The running process; None if a real server stands in for it, or the start was in vain."""
        try:
            while not all(self._phase(name).is_up for name in self.service.needs):
                self._pause()
            if self._external:
                self.service.complete(self.context.settings, self._external)
                self._enter(Phase.EXTERNAL, url=self._external)
                return None
            return self._bring_up()
        except _StoppedError:
            raise
        except Exception as error:
            # Whatever a start can raise ends in the state that `up` and `status` show.
            self._end()
            self._enter(Phase.STARTING, pid=None, error=self._explain(error))
            return None

    def _bring_up(self) -> psutil.Process:
        """Adopt what an earlier supervisor, killed since, had started; or start it. Returns when ready."""
        process = self._pid_file.process() or self._start()
        self._await_health(process)
        try:
            self._complete()
        except RecolakeError:
            self._end()
            if not self.service.repair(self.context):
                raise
            process = self._start()
            self._await_health(process)
            self._complete()
        url = self._url
        self._publish(url)
        self._enter(Phase.HEALTHY, url=url, error="")
        return process

    @property
    def _url(self) -> str:
        return self.service.url(self.context) or ""

    def _complete(self) -> None:
        self.service.complete(self.context.settings, self._url)

    def _start(self) -> psutil.Process:
        self._enter(Phase.PREPARING)
        settings = self.context.settings
        if self.service.preferred_port:
            # Usually the one of last time; another if somebody took it meanwhile.
            port = choose_port(settings, self.service.name, self.service.preferred_port)
            self.context = Context(settings, port)
        self.service.prepare(self.context)
        if self._stopping.is_set():
            raise _StoppedError
        self._child = start(
            self.service.command(self.context),
            environment=base_environment(settings) | dict(self.service.environment(self.context)),
            folder=settings.run_root,
            log=log_file(settings, self.service.name),
            user=self.service.user(),
        )
        process: psutil.Process = psutil.Process(self._child.pid)
        self._books.write("pid", lambda: self._pid_file.write(process))
        return process

    def _await_health(self, process: psutil.Process) -> None:
        self._enter(Phase.STARTING, pid=process.pid)
        deadline = time.monotonic() + self.service.start_seconds
        while not self._healthy():
            if not self._alive(process):
                message = "it ended while starting"
                raise RuntimeError(message)
            if time.monotonic() > deadline:
                message = f"it did not become healthy within {self.service.start_seconds:.0f} s"
                raise RuntimeError(message)
            self._pause()

    def _watch(self, process: psutil.Process) -> None:
        """Returns when the process has ended. One that does not answer is reported, not killed."""
        misses = 0
        next_probe = time.monotonic() + _HEALTH_SECONDS
        while self._alive(process):
            self._pause()
            if time.monotonic() >= next_probe:
                misses = 0 if self._healthy() else misses + 1
                phase = Phase.UNHEALTHY if misses >= _MISSES else Phase.HEALTHY
                if phase != self.state.phase and self._alive(process):
                    self._enter(phase)
                self._books.again()
                with self._books.tolerating("log"):
                    trim_log(log_file(self.context.settings, self.service.name))
                next_probe = time.monotonic() + _HEALTH_SECONDS

    def _healthy(self) -> bool:
        try:
            return self.service.healthy(self.context)
        except Exception:
            # A probe that fails, for whatever reason, is a "no".
            return False

    def _alive(self, process: psutil.Process) -> bool:
        if self._child is not None and self._child.pid == process.pid:
            return self._child.poll() is None
        try:
            return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False
        except psutil.Error:
            return True

    def _end(self) -> None:
        """Stop the process with all it started, if there is one, and collect it."""
        process = self._pid_file.process() or self._own_process()
        if process is not None:
            stop_tree(process, self.service.stop_seconds, self.service.stop_signal)
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout=5)
            self._child = None
        self._books.write("pid", self._pid_file.remove)

    def _own_process(self) -> psutil.Process | None:
        """What this runner itself started, should no pid file tell."""
        if self._child is None or self._child.poll() is not None:
            return None
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self._child.pid)
        return None

    def _publish(self, url: str | None) -> None:
        endpoint = self.service.endpoint
        if endpoint is None:
            return

        def write() -> None:
            with _endpoints_lock:
                write_endpoint(self.context.settings, endpoint, url)

        self._books.write("endpoint", write)

    def _pause(self, seconds: float = _POLL_SECONDS) -> None:
        if self._stopping.wait(seconds):
            raise _StoppedError

    def _enter(self, phase: Phase, **changes: object) -> None:
        self.state = self.state.model_copy(update={"phase": phase, "since": time.time(), **changes})
        self._report()

    def _explain(self, error: Exception) -> str:
        end = ""
        with self._books.tolerating("log"):
            end = tail(log_file(self.context.settings, self.service.name))
        return f"{error}\n{end}".strip()


class _StoppedError(Exception):
    """The supervisor asked this runner to end."""

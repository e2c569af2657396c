"""Processes by identity, not by number: a pid file also holds when its process began, so a reused pid is never ours."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from recolake.files import write_atomically

# Every process the supervisor starts carries this variable; whatever leaves its process group is found by it.
MARKER = "RECOLAKE_PLATFORM"
# Clock ticks and a boot time that was rounded differently move a creation time by a few hundredths of a second.
_SAME_MOMENT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Identity:
    """A process: its number and the moment it began (seconds since the epoch)."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Identity:
        """Raises psutil.NoSuchProcess if there is none."""
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """The living process, or None if it ended or its number belongs to another one now."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.created) > _SAME_MOMENT_SECONDS:
                return None
            return None if process.status() == psutil.STATUS_ZOMBIE else process
        except psutil.NoSuchProcess:
            return None

    @property
    def alive(self) -> bool:
        return self.process() is not None


def write_pid(path: Path, identity: Identity) -> None:
    """First line the pid, as tools expect it; second line when the process began."""
    write_atomically(path, f"{identity.pid}\n{identity.created!r}\n".encode())


def read_pid(path: Path) -> Identity | None:
    """What a pid file says; None if it is missing or torn."""
    try:
        pid, created = path.read_text().split()
        return Identity(int(pid), float(created))
    except (FileNotFoundError, ValueError):
        return None


def alive_from(path: Path) -> psutil.Process | None:
    """The living process a pid file speaks of."""
    identity = read_pid(path)
    return identity.process() if identity else None


def tree(process: psutil.Process) -> list[psutil.Process]:
    """The process and all its descendants; empty if it has ended."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def stop_tree(process: psutil.Process, stop_signal: signal.Signals, grace_seconds: float) -> None:
    """Ask a process to end; after the grace kill it and whatever it had started."""
    family = tree(process)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(stop_signal)
    _wait([process], grace_seconds)
    family += [member for member in tree(process) if member not in family]
    kill_all(family)


def kill_all(processes: Iterable[psutil.Process]) -> None:
    """Kill at once, and wait until they are gone. psutil refuses to signal a reused pid."""
    doomed = list(processes)
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _wait(doomed, 10.0)


def marked(home: Path) -> list[psutil.Process]:
    """Processes that carry the mark of this home's platform, wherever they went."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARKER) == str(home):
                found.append(process)
    return found


def memory_mib(process: psutil.Process) -> float:
    """Proportional set size of a process and its descendants in MiB: pages shared by n processes count 1/n each."""
    return sum(_pss_kib(member) for member in tree(process)) / 1024


def _pss_kib(process: psutil.Process) -> float:
    try:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return float(line.split()[1])
    except OSError:
        pass
    try:
        return float(process.memory_info().rss) / 1024
    except psutil.Error:
        return 0.0


def _wait(processes: list[psutil.Process], seconds: float) -> None:
    """Wait for the end of processes; a dead child that nobody collected counts as ended."""
    psutil.wait_procs([p for p in processes if not _is_zombie(p)], timeout=seconds)


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def start(
    command: list[str], *, environment: dict[str, str], cwd: Path, log: Path, user: str | None = None
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, its output appended to the log (append mode lets the log be cut)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )

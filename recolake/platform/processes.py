"""Processes that are ours: started in sessions of their own, known by pid and start time, ended as trees."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from recolake.files import write_atomically

# Every process that a supervisor starts carries this variable, and so does whatever it starts in turn.
MARKER = "RECOLAKE_PLATFORM"
_LOG_LIMIT = 20 << 20
_LOG_KEPT = 1 << 20


@dataclass(frozen=True, slots=True)
class PidFile:
    """`<home>/run/<service>.pid`: a pid and when its process began, so that a reused pid is never ours."""

    path: Path

    def write(self, process: psutil.Process) -> None:
        content = {"pid": process.pid, "started": process.create_time()}
        write_atomically(self.path, json.dumps(content).encode())

    def process(self) -> psutil.Process | None:
        """The live process that the file names, or None."""
        try:
            content = json.loads(self.path.read_text())
            process = psutil.Process(content["pid"])
            if (
                abs(process.create_time() - content["started"]) > 1
                or process.status() == psutil.STATUS_ZOMBIE
            ):
                return None
        except (OSError, ValueError, TypeError, KeyError, psutil.Error):
            return None
        return process

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    user: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start in a new session, output appended to the log; stdin is closed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    trim_log(log)
    with log.open("ab") as out:
        return subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )


def stop_tree(process: psutil.Process, patience: float, stop_signal: signal.Signals = signal.SIGTERM) -> None:
    """Ask the process to end, wait, then kill whatever of its tree is left."""
    family = tree(process)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(stop_signal)
    psutil.wait_procs([process], timeout=patience)
    kill([*family, *tree(process)])


def kill(processes: Iterable[psutil.Process]) -> None:
    """End processes at once and wait until they are gone; psutil refuses to signal a pid that was reused."""
    doomed = list(processes)
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(doomed, timeout=5)


def tree(process: psutil.Process) -> list[psutil.Process]:
    """The process and its descendants; empty if it has ended."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def workers(server: psutil.Process) -> set[psutil.Process]:
    """What a server that runs several processes has spawned and is alive; not multiprocessing's tracker."""
    found = set()
    for child in server.children():
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child)
    return found


def marked(home: Path) -> list[psutil.Process]:
    """Processes that a supervisor of this home began, wherever they went since; never the caller itself."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARKER) == str(home):
                found.append(process)
    return found


def kill_rest_of_session(leader: int) -> None:
    """Kill what is left of the session that a process led which ended; its id is not used anew meanwhile."""
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(OSError):
            if process.pid != leader and os.getsid(process.pid) == leader:
                left.append(process)
    kill(left)


def memory_of(process: psutil.Process) -> int:
    """Bytes of a process and its children: proportional set size (a page that n share counts 1/n)."""
    return sum(_memory(member) for member in tree(process))


def _memory(process: psutil.Process) -> int:
    try:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def trim_log(log: Path) -> None:
    """Keep only the end of a log that grew too long; its writer appends, so it may go on meanwhile."""
    if not log.exists() or log.stat().st_size <= _LOG_LIMIT:
        return
    with log.open("rb+") as stream:
        stream.seek(-_LOG_KEPT, 2)
        kept = stream.read()
        stream.seek(0)
        stream.truncate()
        stream.write(kept)


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log file."""
    if not log.exists():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 16_384))
        return "\n".join(stream.read().decode(errors="replace").splitlines()[-lines:])

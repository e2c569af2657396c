"""Processes that are ours: started in a session of their own, known by pid *and* start time, ended as a tree."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from recolake.files import write_atomically

_LOG_LIMIT = 20 << 20
_LOG_KEPT = 1 << 20


@dataclass(frozen=True, slots=True)
class PidFile:
    """`<home>/run/<service>.pid`: the pid and the process's start time, so that a reused pid is never taken for ours."""

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
        except (OSError, ValueError, KeyError, psutil.Error):
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
            extra_groups=[] if user else None,
        )


def stop_tree(process: psutil.Process, patience: float) -> None:
    """Ask the process to end (SIGTERM), wait, then kill whatever of its tree is left."""
    try:
        tree = [process, *process.children(recursive=True)]
        process.terminate()
    except psutil.NoSuchProcess:
        return
    psutil.wait_procs([process], timeout=patience)
    for survivor in tree:
        try:
            survivor.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(tree, timeout=5)


def memory_of(process: psutil.Process) -> int:
    """Bytes of memory of a process and its children: proportional set size, where the system tells it."""
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    for member in family:
        try:
            info = member.memory_full_info()
            total += getattr(info, "pss", info.rss)
        except psutil.Error:
            continue
    return total


def trim_log(log: Path) -> None:
    """Keep only the end of a log that grew too long; the writer appends, so it may go on while this happens."""
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

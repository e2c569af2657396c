"""Memory of the whole platform while a stage runs: the processes of its pid files and all their children."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import psutil

from recolake.platform.processes import PidFile
from recolake.settings import Settings

_MIB = 1 << 20


def platform_pids(settings: Settings) -> set[int]:
    """Live processes that the local platform wrote pid files of."""
    processes = (PidFile(path).process() for path in settings.run_root.glob("*.pid"))
    return {process.pid for process in processes if process is not None}


def tree_mib(roots: Iterable[int]) -> float:
    """Memory of these processes and their descendants in MiB; sharers divide shared pages (PSS)."""
    found: dict[int, psutil.Process] = {}
    children: dict[int, list[psutil.Process]] = defaultdict(list)
    # One look at all processes: asking each root for its descendants would take one look each.
    for process in psutil.process_iter(["ppid"]):
        found[process.pid] = process
        children[process.info["ppid"]].append(process)
    family: dict[int, psutil.Process] = {}
    waiting = [found[pid] for pid in roots if pid in found]
    while waiting:
        process = waiting.pop()
        if process.pid not in family:
            family[process.pid] = process
            waiting.extend(children[process.pid])
    return sum(map(_bytes, family.values())) / _MIB


class MemorySampler:
    """Samples the platform's memory in a thread, from entering the context to leaving it."""

    def __init__(self, settings: Settings, *, every_seconds: float = 2.0) -> None:
        self._settings = settings
        self._every = every_seconds
        self._samples: list[tuple[float, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory-sampler", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def peak_mib(self, start: float, end: float) -> float:
        """Highest sample between two times (seconds since the epoch), or the nearest to them."""
        samples = list(self._samples)
        within = [mib for at, mib in samples if start <= at <= end]
        if within:
            return max(within)
        nearest = min(samples, key=lambda s: min(abs(s[0] - start), abs(s[0] - end)), default=None)
        return nearest[1] if nearest else tree_mib(self._roots())

    def _roots(self) -> set[int]:
        return {os.getpid(), *platform_pids(self._settings)}

    def _run(self) -> None:
        while True:
            self._samples.append((time.time(), tree_mib(self._roots())))
            if self._stop.wait(self._every):
                return


def _bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0

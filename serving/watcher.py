"""The background: follows what is published, keeps popularity fresh, tends the journal.

Each of these has a thread of its own, so that none waits for another: neither a large artefact nor a store
that hangs keeps usage records from the disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

EVERY_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Watcher:
    """Calls each part once a second, in a thread of the part's name, until `stopping` is set.

    A round takes as long as its part does; no failure keeps another part, or the next round, from running.
    """

    def __init__(self, parts: dict[str, Callable[[], None]], stopping: threading.Event) -> None:
        self._parts = parts
        self._stopping = stopping
        self._threads = [
            threading.Thread(target=self._repeat, args=(name,), name=name, daemon=True) for name in parts
        ]

    def start(self, *first: str) -> None:
        """Call the parts named here once, so that the first request finds their work done; then go on."""
        for name in first:
            self._call(name)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Returns when no part is running any more."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _repeat(self, name: str) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            self._call(name)

    def _call(self, name: str) -> None:
        try:
            self._parts[name]()
        except Exception as error:
            _log.error("watcher_part_failed", part=name, exc_info=error)

"""What is written down about services (pids, addresses, states, logs), on a disk that may be full."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import structlog

_log = structlog.get_logger(__name__)


class Books:
    """Notes about one service; one that cannot be written is logged and kept for `again`, never raised.

    Not safe to share between threads.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._unwritten: dict[str, Callable[[], None]] = {}

    def write(self, what: str, write: Callable[[], None]) -> None:
        """Write a note, in place of an older one of that name which is still unwritten."""
        self._unwritten[what] = write
        with self.tolerating(what):
            write()
            del self._unwritten[what]

    def again(self) -> None:
        """Try what could not be written so far."""
        for what, write in list(self._unwritten.items()):
            self.write(what, write)

    @contextlib.contextmanager
    def tolerating(self, what: str) -> Iterator[None]:
        """Log an error of the disk and go on: it is no fault of the service."""
        try:
            yield
        except OSError as error:
            _log.error("bookkeeping_failed", owner=self._owner, what=what, reason=str(error))

"""A file that the control plane writes and the data plane follows, so that it needs no database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

T = TypeVar("T")
_REFRESH_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class SnapshotFile(Generic[T]):
    """What a snapshot file says, looked at (one `stat`) at most once a second and read again when it changed.

    Without the file it is `empty()`; one that cannot be read or understood leaves the last good state in
    force, and the log says `complaint`. Safe to share between threads.
    """

    def __init__(
        self,
        path: Path,
        parse: Callable[[bytes], T],
        empty: Callable[[], T],
        complaint: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._parse, self._empty, self._complaint = path, parse, empty, complaint
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at: float | None = None
        self._version: tuple[int, int, int] | None = None
        self._state = empty()

    def current(self, *, at_once: bool = False) -> T:
        """The state; `at_once` looks even where it was looked at within the last second."""
        with self._lock:
            moment = self._clock()
            recent = self._looked_at is not None and moment - self._looked_at < _REFRESH_SECONDS
            if at_once or not recent:
                self._looked_at = moment
                self._refresh()
            return self._state

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._version, self._state = None, self._empty()
            return
        except OSError as error:
            self._unreadable(error)
            return
        # The inode tells two versions apart that came within one tick of the file clock.
        version = (status.st_mtime_ns, status.st_ino, status.st_size)
        if version == self._version:
            return
        try:
            self._state = self._parse(self._path.read_bytes())
            self._version = version
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            self._unreadable(error)

    def _unreadable(self, error: Exception) -> None:
        _log.error(self._complaint, path=str(self._path), error=type(error).__name__)

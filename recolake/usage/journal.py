"""The usage journal: what was answered is written down before the answer leaves.

Each process appends to segments of its own. A line is handed to the operating system in one write, so it
survives `kill -9`; it is on the disk about a second later. A segment in use is locked by its writer and ends
in `.open`; a full or old one is sealed by renaming it. The lock tells the shipper which open segments lost
their writer.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from recolake.files import private_folder
from recolake.usage.record import UsageRecord

OPEN_SUFFIX = ".jsonl.open"
SEALED_SUFFIX = ".jsonl"
_MOST_BYTES = 8 << 20
_MOST_SECONDS = 60.0


class UsageJournal:
    """Appends usage records; safe to share between threads.

    Args:
        folder: made if it is not there.
        clock: seconds that only grow.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._handle: int | None = None
        self._path: Path | None = None
        self._size = 0
        self._synced = 0
        self._began = 0.0

    def append(self, record: UsageRecord) -> None:
        """Write one record; when this returns, a crash of this process does not lose it.

        Raises:
            OSError: it could not be written whole (the disk is full, say); nothing of it is left.
        """
        line = record.to_line()
        with self._lock:
            handle = self._handle if self._handle is not None else self._open()
            written = 0
            try:
                while written < len(line):
                    written += os.write(handle, line[written:])
            except OSError:
                os.ftruncate(handle, self._size)
                raise
            self._size += written
            if self._size >= _MOST_BYTES:
                self._seal()

    def tend(self) -> None:
        """Bring lines to the disk, and seal a segment old enough to be shipped; call it every second."""
        with self._lock:
            if self._handle is None:
                return
            if self._size and self._clock() - self._began >= _MOST_SECONDS:
                self._seal()
                return
            if self._synced == self._size:
                return
            handle, self._synced = os.dup(self._handle), self._size
        # Not under the lock: a slow disk must not hold up answers.
        try:
            os.fdatasync(handle)
        finally:
            os.close(handle)

    def close(self) -> None:
        """Seal what there is."""
        with self._lock:
            if self._handle is not None:
                self._seal()

    def _open(self) -> int:
        private_folder(self._folder)
        # Names sort by time.
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{uuid4().hex}{OPEN_SUFFIX}"
        # Locked before it has its name: nobody can find it without a writer.
        unnamed = self._folder / f".{name}"
        handle = os.open(unnamed, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self._path = unnamed.rename(self._folder / name)
        self._handle, self._size, self._synced, self._began = handle, 0, 0, self._clock()
        return handle

    def _seal(self) -> None:
        assert self._handle is not None
        assert self._path is not None
        os.fdatasync(self._handle)
        if self._size:
            self._path.rename(sealed_name(self._path))
        else:
            self._path.unlink()
        os.close(self._handle)
        self._handle = self._path = None


def sealed_name(path: Path) -> Path:
    """Name of an open segment once it is sealed."""
    return path.with_name(path.name.removesuffix(OPEN_SUFFIX) + SEALED_SUFFIX)

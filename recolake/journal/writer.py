"""The writing end of a journal: whole lines or nothing, one disk flush for all that wait for one."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from recolake.files import private_folder, sync_folder
from recolake.journal.segments import OPEN_SUFFIX, sealed_name


class Batch:
    """What was appended since the last flush began: it reaches the disk together, or fails together."""

    __slots__ = ("done", "error")

    def __init__(self) -> None:
        self.done = False
        self.error: OSError | None = None


class SegmentWriter:
    """Appends to segments of its own; safe to share between threads, not between processes.

    What `append` returned from survives `kill -9`; what `commit` returned from survives a power cut, too.

    Args:
        folder: made if it is not there, for its owner alone.
        most_bytes: a segment that has so many is sealed.
        most_seconds: so is one that is so old, when `tend` is called.
        clock: seconds that only grow.
        sync: brings a file to the disk.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most_bytes: int,
        most_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sync: Callable[[int], None] = os.fdatasync,
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_seconds = most_seconds
        self._clock = clock
        self._sync = sync
        self._changed = threading.Condition()
        self._handle: int | None = None
        self._path: Path | None = None
        self._size = 0
        self._began = 0.0
        self._batch = Batch()
        self._waiting = False
        self._leading = False
        self.syncs = 0

    def append(self, data: bytes) -> Batch:
        """Hand lines to the operating system in one piece; when this returns, a crash of this process does
        not lose them. `commit` what it returns to have them on the disk.

        Raises:
            OSError: they could not be written whole (the disk is full, say); nothing of them is left.
        """
        with self._changed:
            handle = self._handle if self._handle is not None else self._open()
            view, written = memoryview(data), 0
            try:
                while written < len(data):
                    written += os.write(handle, view[written:])
            except OSError:
                os.ftruncate(handle, self._size)
                raise
            self._size += written
            self._waiting = True
            batch = self._batch
            if self._size >= self._most_bytes:
                self._seal()
        return batch

    def commit(self, batch: Batch) -> None:
        """Return once what belongs to the batch is on the disk.

        One of those who wait flushes for all of them; those who come meanwhile are the next batch.

        Raises:
            OSError: the disk refused, so nobody knows what of it is kept. Send it again.
        """
        with self._changed:
            while not batch.done and self._leading:
                self._changed.wait()
            if not batch.done:
                self._lead()
        if batch.error is not None:
            raise OSError(batch.error.errno, batch.error.strerror) from batch.error

    def tend(self) -> None:
        """Bring lines to the disk, and seal a segment old enough to be shipped; call it every second."""
        with self._changed:
            if self._handle is None:
                return
            if self._size and self._clock() - self._began >= self._most_seconds:
                self._seal()
                return
            batch = self._batch if self._waiting else None
        if batch is not None:
            self.commit(batch)

    def close(self) -> None:
        """Seal what there is."""
        with self._changed:
            if self._handle is not None:
                self._seal()

    def _lead(self) -> None:
        """Flush the current batch, without the lock: a slow disk must not hold up who only appends."""
        assert self._handle is not None
        batch, self._batch, self._waiting, self._leading = self._batch, Batch(), False, True
        path, handle = self._path, os.dup(self._handle)
        self._changed.release()
        try:
            error = self._flush(handle)
        finally:
            os.close(handle)
            self._changed.acquire()
            self._leading = False
        if error is not None and self._path == path:
            # What came meanwhile went to the same file, and the system reports a failure only once.
            self._finish(self._batch, error)
            self._batch, self._waiting = Batch(), False
            self._abandon()
        self._finish(batch, error)

    def _flush(self, handle: int) -> OSError | None:
        try:
            self._sync(handle)
        except OSError as error:
            return error
        self.syncs += 1
        return None

    def _finish(self, batch: Batch, error: OSError | None) -> None:
        batch.done, batch.error = True, error
        self._changed.notify_all()

    def _open(self) -> int:
        private_folder(self._folder)
        # Names sort by time.
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{uuid4().hex}{OPEN_SUFFIX}"
        # Locked before it has its name: nobody can find it without a writer.
        unnamed = self._folder / f".{name}"
        handle = os.open(unnamed, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._path = unnamed.rename(self._folder / name)
            sync_folder(self._folder)
        except OSError:
            os.close(handle)
            raise
        self._handle, self._size, self._began = handle, 0, self._clock()
        return handle

    def _seal(self) -> None:
        assert self._handle is not None
        assert self._path is not None
        batch, self._batch, self._waiting = self._batch, Batch(), False
        error = self._flush(self._handle)
        self._finish(batch, error)
        if error is None:
            with suppress(OSError):
                if self._size:
                    self._path.rename(sealed_name(self._path))
                else:
                    self._path.unlink()
        self._abandon()

    def _abandon(self) -> None:
        """Let go of the segment; one that could not be sealed is sealed by who finds it without a writer."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle = self._path = None

"""Unfinished files: a folder each, whose own folder says how long the file is to be.

What a dropped connection brought stays, and the client goes on from there. A file that nobody wrote to for
a day is removed, and so is one that an upload landed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from control_plane.errors import PayloadTooLargeError
from control_plane.files.errors import FileBusyError, FileIncompleteError, WrongOffsetError
from control_plane.files.names import is_plain
from recolake.errors import InvalidInputError, NotFoundError
from recolake.files import private_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

KEPT_SECONDS = 86_400
MOST_FILES = 500
_ID = re.compile(r"fil-[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A file on its way: `path` has the client's name and the bytes that came; `length` is all of them."""

    file_id: str
    path: Path
    length: int

    @property
    def offset(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size

    @property
    def expires_at(self) -> float:
        """Seconds since the epoch."""
        return self.path.stat().st_mtime + KEPT_SECONDS


def begin(settings: Settings, tenant: Tenant, name: str, length: int) -> Unfinished:
    """Make room for a file of `length` bytes.

    Raises:
        InvalidInputError: the name cannot be that of a file here.
        PayloadTooLargeError: it is longer than an upload may be, or too much waits to be landed already.
    """
    if not is_plain(name):
        raise InvalidInputError("A file needs a plain name of up to 200 bytes.", field="Upload-Metadata")
    root = _root(settings, tenant)
    private_folder(root)
    # Two that begin at once must not both take the last room, nor sweep away what the other has half made.
    with FileLock(root / ".lock"):
        waiting = _sweep(root)
        if len(waiting) >= MOST_FILES or sum(waiting) + length > settings.upload_max_bytes:
            raise PayloadTooLargeError(
                f"Files that wait to be landed may have {settings.upload_max_bytes} bytes in all, and there "
                f"may be {MOST_FILES} of them.",
                hint="Land or delete some first, or use `recolake upload`.",
                field="Upload-Length",
            )
        file_id = f"fil-{secrets.token_hex(16)}"
        folder = root / file_id / str(length)
        private_folder(folder)
        (folder / name).touch(mode=0o600)
    return Unfinished(file_id, folder / name, length)


def find(settings: Settings, tenant: Tenant, file_id: str) -> Unfinished:
    """One of the tenant's files.

    Raises:
        NotFoundError: there is none of that id (any more), or it is another tenant's.
    """
    folder = _root(settings, tenant) / file_id
    found = _read(folder) if _ID.fullmatch(file_id) else None
    if found is None or found.expires_at < time.time():
        raise NotFoundError(
            "There is no such file.", hint="It may have been landed, or be too old; begin anew."
        )
    return found


def remove(file: Unfinished) -> None:
    """Forget a file."""
    shutil.rmtree(file.path.parents[1], ignore_errors=True)


def finished(settings: Settings, tenant: Tenant, file_ids: Sequence[str]) -> list[Unfinished]:
    """The files of these ids, all complete.

    Raises:
        NotFoundError: there is none of some id.
        FileIncompleteError: pieces of one are missing.
    """
    files = [find(settings, tenant, file_id) for file_id in dict.fromkeys(file_ids)]
    for file in files:
        if file.offset < file.length:
            raise FileIncompleteError(
                f"Of {file.file_id} {file.offset} bytes of {file.length} are here.",
                hint="Send the rest first.",
            )
    return files


class Piece:
    """Writes one piece behind what is there."""

    def __init__(self, handle: int, room: int) -> None:
        self._handle = handle
        self._room = room

    def write(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            PayloadTooLargeError: they reach beyond the length that was announced; what came before stays.
        """
        if len(data) > self._room:
            raise PayloadTooLargeError("The piece reaches beyond the end of the file.", field="Upload-Offset")
        view = memoryview(data)
        while view:
            written = os.write(self._handle, view)
            view, self._room = view[written:], self._room - written

    def flush(self) -> None:
        """Bring what was written to the disk."""
        os.fsync(self._handle)


@contextmanager
def piece(file: Unfinished, offset: int) -> Iterator[Piece]:
    """Append to a file.

    Raises:
        FileBusyError: somebody else does.
        WrongOffsetError: it does not begin where the file ends.
    """
    lock = FileLock(file.path.parents[1] / ".lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise FileBusyError(
            "Another request is writing to this file.", hint="Ask for its offset, later."
        ) from None
    try:
        if file.offset != offset:
            raise WrongOffsetError(file.offset)
        handle = os.open(file.path, os.O_WRONLY | os.O_APPEND)
        try:
            yield Piece(handle, file.length - offset)
        finally:
            os.close(handle)
    finally:
        lock.release()


def _root(settings: Settings, tenant: Tenant) -> Path:
    return settings.unfinished_root / tenant.name


def _read(folder: Path) -> Unfinished | None:
    """What lies in a folder; None where it was removed, or a process was killed while it made it."""
    for path in folder.glob("[0-9]*/*"):
        return Unfinished(folder.name, path, int(path.parent.name))
    return None


def _sweep(root: Path) -> list[int]:
    """Remove what is too old; the lengths of the others."""
    lengths = []
    for folder in root.glob("fil-*"):
        found = _read(folder)
        if found is None or found.expires_at < time.time():
            shutil.rmtree(folder, ignore_errors=True)
        else:
            lengths.append(found.length)
    return lengths

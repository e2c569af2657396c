"""The files of a journal: open ones belong to their writer, sealed ones to whoever ships them.

A segment in use is locked by its writer and ends in `.open`; a full or old one is sealed by renaming it. The
lock tells the shipper which open segments lost their writer.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

OPEN_SUFFIX = ".jsonl.open"
SEALED_SUFFIX = ".jsonl"


def sealed_name(path: Path) -> Path:
    """Name of an open segment once it is sealed."""
    return path.with_name(path.name.removesuffix(OPEN_SUFFIX) + SEALED_SUFFIX)


def sealed_segments(folder: Path) -> list[Path]:
    """Segments that nobody writes to any more, oldest first; open ones whose writer died are sealed first."""
    for path in sorted(folder.glob(f"*{OPEN_SUFFIX}")):
        _seal_if_abandoned(path)
    return sorted(path for path in folder.glob(f"*{SEALED_SUFFIX}") if not path.name.startswith("."))


def whole_lines(path: Path) -> list[bytes]:
    """The lines of a segment, without their line feeds.

    A last line without one was cut by a crash before its answer left, so it is owed to nobody.
    """
    return path.read_bytes().split(b"\n")[:-1]


def dispose(path: Path, *, aside: bool) -> None:
    """Remove a shipped segment; one with unreadable lines is kept in the folder `unreadable` beside it."""
    if not aside:
        path.unlink()
        return
    folder = path.parent / "unreadable"
    folder.mkdir(exist_ok=True, mode=0o700)
    path.rename(folder / path.name)


def _seal_if_abandoned(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Its writer may have sealed it between the listing and the lock.
        if path.exists():
            path.rename(sealed_name(path))
    except BlockingIOError:
        return
    finally:
        os.close(handle)

"""Reading the usage journal: sealed segments, oldest first, whole lines alone."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from pydantic import ValidationError

from recolake.usage.journal import OPEN_SUFFIX, SEALED_SUFFIX, sealed_name
from recolake.usage.record import UsageRecord


def sealed_segments(folder: Path) -> list[Path]:
    """Segments that nobody writes to any more; open ones whose writer died are sealed first."""
    for path in sorted(folder.glob(f"*{OPEN_SUFFIX}")):
        _seal_if_abandoned(path)
    return sorted(path for path in folder.glob(f"*{SEALED_SUFFIX}") if not path.name.startswith("."))


def read_segment(path: Path) -> tuple[list[UsageRecord], int]:
    """Records of a segment, and the number of lines that cannot be read.

    A last line without its line feed was cut by a crash before its answer left, so it is owed to nobody.
    """
    records, unreadable = [], 0
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            records.append(UsageRecord.model_validate_json(line))
        except ValidationError:
            unreadable += 1
    return records, unreadable


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

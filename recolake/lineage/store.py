"""Events in the lake: JSON Lines, `<lake>/lineage/<tenant>/<day>.jsonl`, only ever appended to.

A line is one OpenLineage event; any backend that speaks OpenLineage can be given the files as they are.
Writers take turns by a lock on the file (flock), so lines of several processes never mix. A line that a kill
or a full disk cut short is closed by the next writer, and passed over by readers.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_FOLDER = "lineage"
_SUFFIX = ".jsonl"


def event_folder(settings: Settings, tenant: Tenant) -> Path:
    """Where a tenant's events lie; nobody else's do."""
    return Path(settings.lake_root.removeprefix("file://")) / _FOLDER / tenant.name


def append_events(settings: Settings, tenant: Tenant, at: datetime, lines: Sequence[str]) -> None:
    """Append events, all or none of them; once this returns, a crash of this process does not lose them.

    Nothing is flushed to the disk: a power cut may take the last seconds, which the manifests of models make
    good (see `recolake.lineage.known`).

    Raises:
        OSError: they could not be written.
    """
    folder = event_folder(settings, tenant)
    folder.mkdir(parents=True, exist_ok=True)
    content = "".join(f"{line}\n" for line in lines).encode()
    handle = os.open(folder / f"{at:%Y-%m-%d}{_SUFFIX}", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        _write(handle, b"\n" + content if torn else content, size)
    finally:
        os.close(handle)


def _write(handle: int, content: bytes, size: int) -> None:
    written = 0
    try:
        while written < len(content):
            written += os.write(handle, content[written:])
    except OSError:
        with suppress(OSError):
            os.ftruncate(handle, size)
        raise


def event_files(settings: Settings, tenant: Tenant) -> list[Path]:
    """A tenant's files of events, oldest first."""
    return sorted(event_folder(settings, tenant).glob(f"*{_SUFFIX}"))


def read_events(settings: Settings, tenant: Tenant) -> Iterator[dict[str, Any]]:
    """A tenant's events in the order written; what is no whole event is passed over."""
    for path in event_files(settings, tenant):
        yield from events_of(path.read_bytes())


def events_of(content: bytes) -> Iterator[dict[str, Any]]:
    """The events of a file's content."""
    for line in content.split(b"\n"):
        with suppress(orjson.JSONDecodeError):
            event = orjson.loads(line) if line else None
            if isinstance(event, dict):
                yield event

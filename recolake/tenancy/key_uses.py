"""When each API key was used last: noted by the processes that authenticate, collected by the control plane.

A process keeps the moments in memory and writes them all to one file of its own when one of them is a minute
newer than what the file says, at most once a second: no request waits for a database, and none for the disk.
The file is no truth that must outlive a crash, so it is renamed into place and not flushed.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import structlog

from recolake.files import private_folder
from recolake.settings import Settings

KeyName = tuple[str, str]
"""Tenant and key id."""
_PRECISION = timedelta(minutes=1)
_THROTTLE = timedelta(seconds=1)
_KEPT_SECONDS = 86_400.0

_log = structlog.get_logger(__name__)


def uses_folder(settings: Settings) -> Path:
    """One file a process that authenticates."""
    return settings.snapshot_root / "uses"


class KeyUses:
    """The last uses of keys that one process saw; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._folder = uses_folder(settings)
        self._path = self._folder / f"{os.getpid()}-{token_hex(4)}.json"
        self._lock = threading.Lock()
        self._seen: dict[KeyName, datetime] = {}
        self._written: dict[KeyName, datetime] = {}
        self._written_at = datetime.min.replace(tzinfo=UTC)

    def note(self, key: KeyName, now: datetime) -> None:
        """A key was used. A disk that is full costs the note, never the request."""
        with self._lock:
            self._seen[key] = now
            known = self._written.get(key)
            if (known is not None and now - known < _PRECISION) or now - self._written_at < _THROTTLE:
                return
            self._written_at = now
            try:
                self._write()
            except OSError as error:
                _log.warning("key_uses_not_written", error=type(error).__name__)

    def _write(self) -> None:
        private_folder(self._folder)
        beside = self._path.with_suffix(".new")
        beside.write_text(
            json.dumps([[tenant, key, at.isoformat()] for (tenant, key), at in self._seen.items()])
        )
        beside.replace(self._path)
        self._written = dict(self._seen)


def collect(settings: Settings) -> dict[KeyName, datetime]:
    """The last use of each key, over all processes; a file that makes no sense says nothing."""
    uses: dict[KeyName, datetime] = {}
    for path in uses_folder(settings).glob("*.json"):
        try:
            rows = [(row[0], row[1], datetime.fromisoformat(row[2])) for row in json.loads(path.read_bytes())]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        for tenant, key, at in rows:
            uses[tenant, key] = max(at, uses.get((tenant, key), at))
    return uses


def newer(uses: Mapping[KeyName, datetime], than: Mapping[KeyName, datetime]) -> dict[KeyName, datetime]:
    """Those uses that are later than what is known already."""
    return {key: at for key, at in uses.items() if key not in than or at > than[key]}


def forget_the_dead(settings: Settings, *, now: float | None = None) -> None:
    """Remove files that nobody wrote to for a day; what they say was collected long ago."""
    limit = (now or time.time()) - _KEPT_SECONDS
    for path in uses_folder(settings).glob("*"):
        try:
            if path.stat().st_mtime < limit:
                path.unlink()
        except FileNotFoundError:
            continue

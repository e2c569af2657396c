"""Profiles in real time: what was acknowledged is in Redis within the second, and in the next answer.

Two threads a process. One follows the trail of what was acknowledged and adds it to the sets in Redis; the
other writes the rows of the partitions that it holds. Neither is needed for an answer or an acknowledgement:
while Redis is away, the trail waits on the disk.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import redis
import structlog

from recolake.endpoints import resolve
from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.features.keys import drop_views, row_key
from recolake.features.names import COLUMNS, RECENT_SOURCE, TENANT_KEY, USER_KEY
from recolake.features.online import PublishedRedis
from recolake.features.store import online_store, registry_snapshot
from recolake.profile.deeds import Deed, deeds_of
from recolake.profile.items import said_of, state
from recolake.profile.left_out import LeftOut
from recolake.profile.stream import add_deeds
from recolake.profile.trail import Trail
from recolake.profile.writer import Row, Writer
from recolake.records.kinds import Record
from recolake.settings import Settings
from recolake.spool.frames import Frame
from recolake.tenancy.context import Tenant
from serving.intake.desk import Keeper
from serving.metrics import Metrics
from serving.shelf import Shelf

if TYPE_CHECKING:
    from feast import FeatureStore

# What comes within so short a time goes to Redis together.
_GATHER_SECONDS = 0.02
# Between two pushes: each costs tens of milliseconds of the interpreter that answers, and its rows little.
_PUSH_SECONDS = 0.1
# So long a thread that is to stop may wait.
_PATIENCE_SECONDS = 0.2
_TEND_SECONDS = 1.0
_SOCKET_SECONDS = 5.0
_AT_ONCE_SECONDS = 0.2

_log = structlog.get_logger(__name__)


class Profiles:
    """Brings what is acknowledged into profiles. `follow` and `write` each belong to one background thread,
    and come back only when they are to stop, or fail; `note` and `acknowledged` are for all threads.
    """

    def __init__(
        self,
        settings: Settings,
        left_out: LeftOut,
        shelf: Shelf,
        metrics: Metrics,
        stopping: threading.Event,
    ) -> None:
        self._settings = settings
        self._left_out = left_out
        self._shelf = shelf
        self._metrics = metrics
        self._stopping = stopping
        self._trail = Trail(settings.trail_root)
        self._news = threading.Event()
        self._store: tuple[tuple[str, int], FeatureStore | None] | None = None
        self._redis = PublishedRedis(settings, _SOCKET_SECONDS)
        self._at_once = PublishedRedis(settings, _AT_ONCE_SECONDS)

    def note(self, tenant: Tenant, records: Sequence[Record]) -> None:
        """Keep what is about to be acknowledged where a crash does not lose it.

        Raises:
            OSError: it could not be written.
        """
        self._trail.note(tenant, records)

    def acknowledged(self, tenant: Tenant, records: Sequence[Record]) -> None:
        """It may be acknowledged now. Items that are not to be had go at once, so that the very next answer
        is without them; where Redis does not answer, the trail brings it later.
        """
        said = said_of(records, self._known(tenant))
        if said:
            with suppress(redis.RedisError, RecolakeError, OSError):
                state(self._at_once.client(), tenant, said)
        self._news.set()

    def follow(self) -> None:
        """Add what is acknowledged to the sets, as it comes."""
        tended, down = 0.0, False
        while not self._stopping.is_set():
            if time.monotonic() - tended >= _TEND_SECONDS:
                self._trail.tend()
                self._trail.adopt()
                tended = time.monotonic()
                self._news.set()
            if not self._news.wait(_PATIENCE_SECONDS):
                continue
            self._stopping.wait(_GATHER_SECONDS)
            self._news.clear()
            try:
                self._trail.follow(self._apply)
                down = False
            except (redis.RedisError, ServiceUnavailableError) as error:
                if not down:
                    _log.warning("profiles_wait_for_redis", reason=type(error).__name__)
                down = True

    def write(self) -> None:
        """Write the rows of the partitions that fall to this process."""
        writer: Writer | None = None
        while not self._stopping.is_set():
            if self._opened() is None:
                self._stopping.wait(_TEND_SECONDS)
                continue
            try:
                writer = writer or Writer(self._redis.client(), self._push)
                self._metrics.profile_rows.inc(writer.round(_PATIENCE_SECONDS))
                self._stopping.wait(_PUSH_SECONDS)
            except redis.RedisError:
                # The address may be another when it is back.
                writer = None
                self._stopping.wait(_TEND_SECONDS)
        if writer is not None:
            with suppress(redis.RedisError):
                writer.close()

    def close(self) -> None:
        """Bring what is left, if Redis takes it; otherwise it stays on the disk for the next process."""
        with suppress(redis.RedisError, RecolakeError, OSError):
            self._trail.follow(self._apply)
        self._trail.close()

    def _apply(self, frames: Sequence[Frame]) -> None:
        records: dict[Tenant, list[Record]] = {}
        for frame in frames:
            records.setdefault(frame.tenant, []).extend(frame.records)
        client = self._redis.client()
        for tenant, own in records.items():
            deeds, said = deeds_of(own), said_of(own, self._known(tenant))
            try:
                state(client, tenant, said)
                self._metrics.profile_deeds.inc(add_deeds(client, tenant, deeds, self._admit(tenant)))
            except RecolakeError as error:
                # Without its lists nothing may be kept of anybody; the lake has it all.
                _log.error("profiles_of_tenant_left_out", tenant=tenant.name, reason=error.message)

    def _known(self, tenant: Tenant) -> Callable[[str], bool]:
        """Whether the tenant's model in service knows an item from its training."""
        model = self._shelf.find(tenant)
        return (lambda _: False) if model is None else model.loaded.items.row_of.__contains__

    def _admit(self, tenant: Tenant) -> Callable[[Sequence[Deed]], Sequence[Deed]]:
        return lambda deeds: self._left_out.admitted(tenant, deeds)

    def _push(self, rows: Sequence[Row]) -> None:
        """Through Feast's push source; of whom nothing is kept any more, the row goes."""
        import pandas as pd
        from feast.data_source import PushMode

        store = self._opened()
        assert store is not None
        full = [_columns(row) for row in rows if row.recent]
        if full:
            store.push(RECENT_SOURCE, pd.DataFrame(full), to=PushMode.ONLINE)
        gone = [
            row_key({TENANT_KEY: row.tenant.name, USER_KEY: row.person}) for row in rows if not row.recent
        ]
        drop_views(self._redis.client(), gone, COLUMNS)

    def _opened(self) -> FeatureStore | None:
        """The feature store; None while its registry does not know what is pushed."""
        path = registry_snapshot(self._settings)
        try:
            origin = (resolve(self._settings, "redis"), path.stat().st_mtime_ns)
        except (FileNotFoundError, RecolakeError):
            return None
        if self._store is None or self._store[0] != origin:
            store = online_store(self._settings, _SOCKET_SECONDS)
            known = RECENT_SOURCE in {source.name for source in store.list_data_sources()}
            # Remembered either way: making one takes long, and a registry changes rarely.
            self._store = (origin, store if known else None)
        return self._store[1]


class Noted:
    """A keeper whose records also reach profiles."""

    def __init__(self, keeper: Keeper, profiles: Profiles) -> None:
        self._keeper = keeper
        self._profiles = profiles

    def store(self, tenant: Tenant, records: Sequence[Record]) -> None:
        """Keep records, all of them or none.

        Raises:
            OSError: nobody knows whether they are kept; send them again.
        """
        self._profiles.note(tenant, records)
        self._keeper.store(tenant, records)
        self._profiles.acknowledged(tenant, records)

    def tend(self) -> None:
        self._keeper.tend()

    def close(self) -> None:
        self._keeper.close()


def _columns(row: Row) -> dict[str, Any]:
    recent = row.recent
    newest = max((*recent.times, *recent.seen_times))
    return {
        TENANT_KEY: row.tenant.name,
        USER_KEY: row.person,
        "recent_items": recent.items,
        "recent_types": recent.types,
        "recent_times": recent.times,
        "seen_items": recent.seen,
        "seen_times": recent.seen_times,
        "event_timestamp": datetime.fromtimestamp(newest // 1_000_000, UTC),
    }

"""`ingested_at`, the stamp of an upload's rows: one for all of them, and a tenant's only grow as rows land.

What is built on bronze goes by it: rows with an older stamp than a table has seen are never looked at again.
A stamp is kept in a file until its upload is done: the run after a killed one completes it under the same.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from recolake.files import write_atomically
from recolake.lake.read import read_tenant
from recolake.lake.tables import (
    BRONZE_EVENTS,
    BRONZE_INGESTS,
    BRONZE_ITEMS,
    BRONZE_QUARANTINE,
    BRONZE_REPEATS,
    BRONZE_USERS,
    Table,
)
from recolake.landing.upload import UploadManifest
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.uploads.decisions import began_file
from recolake.uploads.states import Decision

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS = (BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_REPEATS, BRONZE_ITEMS, BRONZE_USERS)
# Decisions about uploads are placed in between, a microsecond apart (recolake/uploads/decisions.py).
_TICK = timedelta(milliseconds=1)


class Stamps:
    """A tenant's stamps; its holder has the lock of the tenant's ingest."""

    def __init__(
        self, spark: SparkSession, settings: Settings, tenant: Tenant, decisions: Sequence[Decision] = ()
    ) -> None:
        self._spark, self._settings, self._tenant = spark, settings, tenant
        self._done = self._of((BRONZE_INGESTS,))
        self._begun: Mapping[str, datetime] = {}
        places = [_NEVER + timedelta(microseconds=d.place) for d in decisions if d.upload_id in self._done]
        self._latest = max([*self._done.values(), *places], default=_NEVER)

    @property
    def done(self) -> Container[str]:
        """Uploads that have their accounting."""
        return self._done

    def pending(self, uploads: Sequence[UploadManifest]) -> list[UploadManifest]:
        """Those that have no accounting yet."""
        left = [upload for upload in uploads if upload.upload_id not in self._done]
        begun = [upload.upload_id for upload in left if self._file(upload).exists()]
        if begun:
            self._begun = self._of(_ROWS, begun)
            self._latest = max(self._latest, *self._begun.values(), _NEVER)
        return left

    def take(self, upload: UploadManifest) -> datetime:
        """The stamp under which an upload's rows land now.

        Rows of a killed run keep theirs. Without rows an old stamp is good only while no later upload has
        landed: behind that one's, nobody would see them.
        """
        file = self._file(upload)
        stamp = self._begun.get(upload.upload_id)
        if stamp is None and file.exists():
            kept = datetime.fromisoformat(file.read_text())
            stamp = kept if kept > self._latest else None
        if stamp is None:
            stamp = max(datetime.now(UTC), self._latest + _TICK)
            write_atomically(file, stamp.isoformat().encode())
        self._latest = max(self._latest, stamp)
        return stamp

    def close(self, upload: UploadManifest) -> None:
        """The upload is done: its stamp stands in its accounting."""
        self._file(upload).unlink(missing_ok=True)

    def _file(self, upload: UploadManifest) -> Path:
        return began_file(self._settings, self._tenant, upload.upload_id)

    def _of(self, tables: Sequence[Table], uploads: Sequence[str] | None = None) -> dict[str, datetime]:
        """Stamp by upload, of the rows in these tables."""
        frames = [read_tenant(self._spark, self._settings, table, self._tenant) for table in tables]
        rows = reduce(DataFrame.unionAll, [frame.select("upload_id", "ingested_at") for frame in frames])
        if uploads is not None:
            rows = rows.where(F.col("upload_id").isin(list(uploads)))
        found = rows.groupBy("upload_id").agg(F.max(F.unix_micros("ingested_at")).alias("stamp")).collect()
        return {row.upload_id: _NEVER + timedelta(microseconds=row.stamp) for row in found}

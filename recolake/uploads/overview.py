"""Uploads as people see them: what came, what it was worth, what was decided, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from recolake.errors import NotFoundError
from recolake.lake.engine import connect
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_INGESTS, BRONZE_UPLOADS, Table
from recolake.landing.upload import UploadManifest, list_uploads
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.uploads.decisions import read_decisions, require_upload
from recolake.uploads.states import Decision, State, latest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, slots=True)
class FileRows:
    """Row accounting of one file: rows_in = accepted + quarantined + repeats."""

    file: str
    rows_in: int
    accepted: int
    quarantined: int
    repeats: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class UploadView:
    """One upload: no rows before it is ingested, no score if it came before there were any.

    `failures` are the expectations that it did not meet, in words; `decisions` come in order.
    """

    manifest: UploadManifest
    state: State
    files: tuple[FileRows, ...] = ()
    score: float | None = None
    failures: Mapping[str, str] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()

    @property
    def upload_id(self) -> str:
        return self.manifest.upload_id

    @property
    def landed_at(self) -> datetime:
        return self.manifest.landed_at

    def total(self, name: str) -> int:
        """Sum over the files of one of the counts."""
        return sum(getattr(file, name) for file in self.files)


def overview(settings: Settings, tenant: Tenant) -> list[UploadView]:
    """Every upload of a tenant, oldest first.

    Raises:
        ServiceUnavailableError: the engine does not answer.
    """
    return _views(connect(settings), settings, tenant, list_uploads(settings, tenant))


def look_at(settings: Settings, tenant: Tenant, upload_id: str) -> UploadView:
    """One upload.

    Raises:
        NotFoundError: the tenant has no such upload.
        ServiceUnavailableError: the engine does not answer.
    """
    require_upload(settings, tenant, upload_id)
    manifests = [m for m in list_uploads(settings, tenant) if m.upload_id == upload_id]
    return _views(connect(settings), settings, tenant, manifests)[0]


def _views(
    spark: SparkSession, settings: Settings, tenant: Tenant, manifests: list[UploadManifest]
) -> list[UploadView]:
    ids = [manifest.upload_id for manifest in manifests]
    files: dict[str, list[FileRows]] = {}
    for row in _rows(spark, settings, tenant, BRONZE_INGESTS, ids):
        counts = (row["rows_in"], row["accepted"], row["quarantined"], row["repeats"])
        found = FileRows(row["source_file"], *counts, reasons=dict(row["reasons"] or {}))
        files.setdefault(row["upload_id"], []).append(found)
    judged = {row["upload_id"]: row for row in _rows(spark, settings, tenant, BRONZE_UPLOADS, ids)}
    made = read_decisions(spark, settings, tenant)
    states = latest(made)
    views = []
    for manifest in manifests:
        upload = manifest.upload_id
        own = sorted(files.get(upload, ()), key=lambda file: file.file)
        decided = states[upload].state if upload in states else State.ACCEPTED
        row = judged.get(upload)
        views.append(
            UploadView(
                manifest,
                decided if own else State.LANDED,
                tuple(own),
                row["score"] if row else None,
                dict(row["failures"] or {}) if row else {},
                tuple(d for d in made if d.upload_id == upload),
            )
        )
    return views


def _rows(
    spark: SparkSession, settings: Settings, tenant: Tenant, table: Table, uploads: list[str]
) -> list[Any]:
    """Rows of these uploads; none where there is no such table yet."""
    from pyspark.sql import functions as F  # noqa: N812

    try:
        rows: DataFrame = read_tenant(spark, settings, table, tenant)
    except NotFoundError:
        return []
    # Many ids in a condition cost the engine more than a few rows too many cost us.
    return (rows if len(uploads) > 100 else rows.where(F.col("upload_id").isin(uploads))).collect()

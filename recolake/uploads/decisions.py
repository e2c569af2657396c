"""Decisions about uploads: read by everybody, taken under the lock of the tenant's ingest.

A decision gets a place among the stamps of the tenant's ingests, right after the latest complete one. So a
build that read up to some ingest knows which decisions it has seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from recolake.audit.entry import Action as Recorded
from recolake.audit.entry import Actor
from recolake.audit.record import recorded
from recolake.errors import InvalidInputError, NotFoundError, ServiceUnavailableError
from recolake.lake.engine import connect, engine_errors
from recolake.lake.read import read_tenant
from recolake.lake.tables import (
    BRONZE_DECISIONS,
    BRONZE_EVENTS,
    BRONZE_INGESTS,
    BRONZE_QUARANTINE,
    BRONZE_REPEATS,
)
from recolake.landing.upload import list_uploads
from recolake.moments import EPOCH
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.uploads.states import Action, Decision, State, latest, outcome

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LONGEST_REASON = 500
_RECORDED = {
    State.RELEASED: Recorded.UPLOAD_RELEASED,
    State.REJECTED: Recorded.UPLOAD_REJECTED,
    State.REVERTED: Recorded.UPLOAD_REVERTED,
}


@contextmanager
def ingest_lock(settings: Settings, tenant: Tenant, seconds: float = -1) -> Iterator[None]:
    """One writer of a tenant's bronze at a time; others wait, for ever if `seconds` is negative.

    Raises:
        ServiceUnavailableError: another one did not end in time; nothing was changed.
    """
    settings.run_root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.run_root / f"ingest-{tenant}.lock", timeout=seconds):
            yield
    except Timeout as error:
        raise ServiceUnavailableError(
            f"An ingest of tenant '{tenant}' is running.", hint="Nothing was changed; try again in a minute."
        ) from error


def began_file(settings: Settings, tenant: Tenant, upload_id: str) -> Path:
    """Where an ingest keeps the stamp of an upload that it began and did not complete."""
    return settings.run_root / f"ingest-{tenant}-{upload_id}.began"


def read_decisions(spark: SparkSession, settings: Settings, tenant: Tenant) -> list[Decision]:
    """Every decision about a tenant's uploads, in order; none where there is no such table yet."""
    try:
        rows = read_tenant(spark, settings, BRONZE_DECISIONS, tenant)
    except NotFoundError:
        return []
    return [decision for _, decision in collect_decisions(rows)]


def collect_decisions(rows: DataFrame) -> list[tuple[str, Decision]]:
    """Rows of `bronze.decisions` with their tenants, in order."""
    from pyspark.sql import functions as F  # noqa: N812

    found = (
        rows.withColumn("place", F.unix_micros("ingested_at"))
        .withColumn("at", F.unix_micros("decided_at"))
        .orderBy("place")
        .collect()
    )
    return [
        (
            r["tenant_id"],
            Decision(
                r["upload_id"],
                State(r["state"]),
                r["decided_by"],
                EPOCH + timedelta(microseconds=r["at"]),
                r["reason"],
                r["place"],
            ),
        )
        for r in found
    ]


def decide(
    settings: Settings,
    tenant: Tenant,
    upload_id: str,
    action: Action,
    *,
    by: str,
    reason: str,
    seconds: float = -1,
    actor: Actor | None = None,
) -> Decision:
    """Release, reject or revert an upload; the next build follows.

    Args:
        by: who decides.
        reason: why, in words.
        seconds: how long to wait for an ingest that is running; for ever if negative.
        actor: who decides, for the audit log; default: who acts in this process.

    Raises:
        NotFoundError: the tenant has no such upload.
        UploadStateError: the upload is in no state for that.
        InvalidInputError: the reason is empty or too long.
        ServiceUnavailableError: an ingest is running, or the engine does not answer.
    """
    why = " ".join(reason.split())
    if not why or len(why) > LONGEST_REASON or not why.isprintable():
        raise InvalidInputError(
            f"A decision needs a reason of 1 to {LONGEST_REASON} characters.", field="reason"
        )
    require_upload(settings, tenant, upload_id)
    spark = connect(settings)
    with (
        engine_errors("a decision was written", f"recolake uploads {action} --tenant {tenant}"),
        ingest_lock(settings, tenant, seconds),
    ):
        stamps = _stamps(spark, settings, tenant)
        _refuse_half_ingested(spark, settings, tenant, stamps)
        made = read_decisions(spark, settings, tenant)
        before = latest(made)
        state = before[upload_id].state if upload_id in before else State.ACCEPTED
        if upload_id not in stamps:
            state = State.LANDED
        decision = Decision(
            upload_id,
            outcome(action, state, upload_id),
            by,
            datetime.now(UTC),
            why,
            max([*stamps.values(), *(d.place for d in made if d.upload_id in stamps)]) + 1,
        )
        with recorded(settings, tenant, _RECORDED[decision.state], upload_id, by=actor):
            append_decision(spark, settings, tenant, decision)
    return decision


def require_upload(settings: Settings, tenant: Tenant, upload_id: str) -> None:
    """Raises: NotFoundError, the tenant landed no such upload."""
    if all(upload.upload_id != upload_id for upload in list_uploads(settings, tenant)):
        raise NotFoundError(
            "There is no such upload.",
            hint=f"`recolake uploads list --tenant {tenant}` shows them.",
            field="upload_id",
        )


def decision_frame(spark: SparkSession, tenant: Tenant, decision: Decision) -> DataFrame:
    """A decision as a row of its table."""
    row = (
        tenant.name,
        decision.upload_id,
        decision.state.value,
        decision.decided_by,
        decision.decided_at,
        decision.reason,
        EPOCH + timedelta(microseconds=decision.place),
    )
    schema = ", ".join(f"{column.name} {column.type}" for column in BRONZE_DECISIONS.columns)
    return spark.createDataFrame([row], schema)


def append_decision(spark: SparkSession, settings: Settings, tenant: Tenant, decision: Decision) -> None:
    """Write a decision down; the caller holds the tenant's lock."""
    frame = decision_frame(spark, tenant, decision).coalesce(1)
    frame.write.format("delta").mode("append").save(BRONZE_DECISIONS.location(settings))


def _refuse_half_ingested(
    spark: SparkSession, settings: Settings, tenant: Tenant, done: Collection[str]
) -> None:
    """What is in some tables was compared with what counted then: it is completed before that changes.

    Raises:
        ServiceUnavailableError: there is one.
    """
    from pyspark.sql import functions as F  # noqa: N812

    landed = (upload.upload_id for upload in list_uploads(settings, tenant))
    begun = [u for u in landed if u not in done and began_file(settings, tenant, u).exists()]
    for table in (BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_REPEATS) if begun else ():
        rows = read_tenant(spark, settings, table, tenant).where(F.col("upload_id").isin(begun))
        if rows.limit(1).collect():
            raise ServiceUnavailableError(
                "An ingest was killed and has to be completed first.",
                hint=f"Nothing was changed; run `recolake ingest --tenant {tenant}`, then decide.",
            )


def _stamps(spark: SparkSession, settings: Settings, tenant: Tenant) -> dict[str, int]:
    """Stamp of each ingested upload, microseconds since 1970; none where nothing was ever ingested."""
    from pyspark.sql import functions as F  # noqa: N812

    try:
        rows = read_tenant(spark, settings, BRONZE_INGESTS, tenant)
    except NotFoundError:
        return {}
    found = rows.groupBy("upload_id").agg(F.max(F.unix_micros("ingested_at")).alias("stamp")).collect()
    return {row["upload_id"]: row["stamp"] for row in found}

"""Which rows of bronze count: brought up to date with the decisions about uploads, before a build reads any.

Staging reads `bronze.events` without the uploads that somebody decided about, and `bronze.admitted`: what
counts because of a decision (docs/adr/0023). A row there has the place of the decision for its ingest, so
that released rows are to a build what late ones are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING

from recolake.lake.read import read_tenant
from recolake.lake.tables import (
    BRONZE_ADMITTED,
    BRONZE_DECISIONS,
    BRONZE_EVENTS,
    BRONZE_QUARANTINE,
    BRONZE_REPEATS,
    BRONZE_UPLOAD_STATES,
    Table,
)
from recolake.moments import EPOCH
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.marks import Reached
from recolake.uploads.decisions import collect_decisions
from recolake.uploads.states import Decision, State, latest, withdrawals

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ByTenant = Mapping[str, Sequence[Decision]]
_States = dict[str, tuple[str, int]]
"""By upload its state, and the place of the decision."""


def all_decisions(spark: SparkSession, tenant: Tenant | None) -> dict[str, list[Decision]]:
    """Every decision, or those of the one tenant, by tenant and in order."""
    from pyspark.sql import functions as F  # noqa: N812

    rows = spark.table(BRONZE_DECISIONS.qualified)
    if tenant is not None:
        rows = rows.where(F.col("tenant_id") == tenant.name)
    found: dict[str, list[Decision]] = {}
    for owner, decision in collect_decisions(rows):
        found.setdefault(owner, []).append(decision)
    return found


def reach_of(highs: Reached, decisions: ByTenant) -> Reached:
    """Up to where a build reads, where decisions came after the latest complete ingest.

    What holds an upload is no reach of its own: its ingest may not be complete yet.
    """
    found = dict(highs)
    for tenant, made in decisions.items():
        places = [d.place for d in made if d.state is not State.HELD]
        if tenant in found and places:
            found[tenant] = max(found[tenant], *places)
    return found


def with_withdrawn_rows(decisions: ByTenant, reached: Mapping[str, Reached], highs: Reached) -> list[str]:
    """Tenants with a table that was built before rows of it were withdrawn: they are built anew."""
    found = []
    for tenant in sorted(highs):
        # Nobody knows of a table's rows before it is built: then there are none to take away.
        marks = [by_tenant[tenant] for by_tenant in reached.values() if tenant in by_tenant]
        made = withdrawals(decisions.get(tenant, ()))
        if marks and made and min(marks) < max(d.place for d in made):
            found.append(tenant)
    return found


def admit(spark: SparkSession, settings: Settings, decisions: ByTenant, tenants: Sequence[str]) -> None:
    """Bring the rows that staging reads up to date for these tenants; writes nothing if nothing changed."""
    known = _known_states(spark)
    for name in tenants:
        wanted = {
            upload: (decision.state.value, decision.place)
            for upload, decision in latest(decisions.get(name, ())).items()
        }
        if wanted == known.get(name, {}):
            continue
        _replace(_admitted(spark, settings, Tenant(name), wanted), BRONZE_ADMITTED, settings, name)
        # Last: a run that was killed before finds the states as they were, and does both again.
        _replace(_states_frame(spark, name, wanted), BRONZE_UPLOAD_STATES, settings, name)


def counted_events(spark: SparkSession) -> DataFrame:
    """Tenant, day and ingest of every row that staging reads."""
    columns = ("tenant_id", "event_date", "ingested_at")
    decided = spark.table(BRONZE_UPLOAD_STATES.qualified).select("tenant_id", "upload_id")
    events = spark.table(BRONZE_EVENTS.qualified).join(decided, ["tenant_id", "upload_id"], "left_anti")
    return events.select(*columns).unionAll(spark.table(BRONZE_ADMITTED.qualified).select(*columns))


def _known_states(spark: SparkSession) -> dict[str, _States]:
    from pyspark.sql import functions as F  # noqa: N812

    rows = spark.table(BRONZE_UPLOAD_STATES.qualified).withColumn("place", F.unix_micros("since")).collect()
    found: dict[str, _States] = {}
    for row in rows:
        found.setdefault(row["tenant_id"], {})[row["upload_id"]] = (row["state"], row["place"])
    return found


def _admitted(spark: SparkSession, settings: Settings, tenant: Tenant, states: _States) -> DataFrame:
    """For each event that a decided upload brought first: its first row that counts now, if it is a good one.

    First is who began to count first. Rows of uploads that nobody decided about are in `bronze.events`
    already, and win.
    """
    from pyspark.sql import DataFrame, Window
    from pyspark.sql import functions as F  # noqa: N812

    released = [upload for upload, (state, _) in states.items() if State(state).counts]
    decided, counts_again = F.col("upload_id").isin(list(states)), F.col("upload_id").isin(released)
    events, quarantined, repeats = (
        read_tenant(spark, settings, table, tenant)
        for table in (BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_REPEATS)
    )
    ids = [rows.where(decided).select("event_id") for rows in (events, quarantined)]
    again = repeats.where(F.col("reasons").isNotNull() & (~decided | counts_again)).join(
        ids[0].unionAll(ids[1]), "event_id", "left_semi"
    )
    candidates = [
        events.where(counts_again).withColumn("reasons", F.expr("CAST(array() AS ARRAY<STRING>)")),
        quarantined.where(counts_again),
        # Who repeats a broken row that counts stays out with it.
        again.join(quarantined.where(~decided).select("event_id"), "event_id", "left_anti"),
    ]
    columns = [c.name for c in BRONZE_ADMITTED.columns]
    rows = reduce(DataFrame.unionAll, [frame.select(*columns, "reasons") for frame in candidates])
    taken = events.where(~decided).select("event_id")
    order = Window.partitionBy("event_id").orderBy("ingested_at", "upload_id", "source_file", "source_line")
    return (
        _placed(spark, rows, states)
        .join(taken, "event_id", "left_anti")
        .withColumn("nth", F.row_number().over(order))
        .where((F.col("nth") == 1) & (F.size("reasons") == 0))
        .select(*columns)
    )


def _placed(spark: SparkSession, rows: DataFrame, states: _States) -> DataFrame:
    """Rows with the place of the decision about their upload in place of its ingest's stamp."""
    from pyspark.sql import functions as F  # noqa: N812

    places = ", ".join(f"'{upload}', {place}L" for upload, (_, place) in states.items())
    if not places:
        return rows
    place = F.timestamp_micros(F.element_at(F.expr(f"map({places})"), F.col("upload_id")))
    return rows.withColumn("ingested_at", F.coalesce(place, "ingested_at"))


def _states_frame(spark: SparkSession, tenant: str, states: _States) -> DataFrame:
    schema = ", ".join(f"{column.name} {column.type}" for column in BRONZE_UPLOAD_STATES.columns)
    rows = [
        (tenant, upload, state, EPOCH + timedelta(microseconds=place))
        for upload, (state, place) in sorted(states.items())
    ]
    return spark.createDataFrame(rows, schema).coalesce(1)


def _replace(rows: DataFrame, table: Table, settings: Settings, tenant: str) -> None:
    """Put these rows in place of the tenant's, in one commit."""
    (
        rows.select(*(column.name for column in table.columns))
        .write.format("delta")
        .mode("overwrite")
        .option("replaceWhere", f"tenant_id = '{tenant}'")
        .save(table.location(settings))
    )

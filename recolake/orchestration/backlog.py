"""What of a tenant's uploads has got how far, read from the tables: events of a scheduler may be lost."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING

from recolake.errors import NotFoundError
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_INGESTS, SILVER_EVENTS, SILVER_ITEMS, SILVER_USERS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.marks import CHECKS, read_marks
from recolake.uploads.decisions import read_decisions
from recolake.uploads.states import Decision, State, latest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# An upload may bring nothing but what is true of items, or of people.
_SILVER = (SILVER_EVENTS, SILVER_ITEMS, SILVER_USERS)


def ingested_uploads(spark: SparkSession, settings: Settings, tenant: Tenant) -> dict[str, int | None]:
    """By ingested upload the stamp of its rows (microseconds since the epoch); None if none counts.

    Rows of an upload that was released count from then on.
    """
    from pyspark.sql import functions as F  # noqa: N812

    stamp = F.when(F.col("accepted") > 0, F.unix_micros("ingested_at"))
    uploads = read_tenant(spark, settings, BRONZE_INGESTS, tenant).groupBy("upload_id")
    found = {row["upload_id"]: row["stamp"] for row in uploads.agg(F.max(stamp).alias("stamp")).collect()}
    for upload, decision in latest(read_decisions(spark, settings, tenant)).items():
        if found.get(upload) is not None:
            found[upload] = decision.place if decision.state.counts else None
    return found


def build_is_due(spark: SparkSession, settings: Settings, tenant: Tenant) -> bool:
    """Whether bronze holds rows that count and silver does not know of, or silver some that count no more.

    Stamps of a tenant's ingests only ever grow, and a build takes all up to one of them.
    """
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F  # noqa: N812

    decisions = read_decisions(spark, settings, tenant)
    if _decided_since(spark, settings, tenant, decisions):
        return True
    decided, ingested = latest(decisions), ingested_uploads(spark, settings, tenant)
    stamps = [stamp for upload, stamp in ingested.items() if stamp is not None and upload not in decided]
    if not stamps:
        return False
    try:
        known = [read_tenant(spark, settings, table, tenant).select("ingested_at") for table in _SILVER]
    except NotFoundError:
        return True
    stamp = F.max(F.unix_micros("ingested_at")).alias("newest")
    newest = reduce(DataFrame.unionAll, known).agg(stamp).collect()[0]["newest"]
    return newest is None or newest < max(stamps)


def _decided_since(
    spark: SparkSession, settings: Settings, tenant: Tenant, decisions: Iterable[Decision]
) -> bool:
    """Whether rows were released or withdrawn since the latest build whose tests passed.

    Silver does not tell: all that was released may have been there.
    """
    moved = (State.RELEASED, State.REVERTED)
    places = [decision.place for decision in decisions if decision.state in moved]
    if not places:
        return False
    marks = read_marks(spark, settings)
    reached = [m.reached for m in marks if m.name == CHECKS and m.tenant == tenant.name]
    return max(reached, default=0) < max(places)

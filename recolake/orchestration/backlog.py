"""What of a tenant's uploads has got how far, read from the tables: events of a scheduler may be lost."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from recolake.errors import NotFoundError
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_INGESTS, SILVER_EVENTS, SILVER_ITEMS, SILVER_USERS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# An upload may bring nothing but what is true of items, or of people.
_SILVER = (SILVER_EVENTS, SILVER_ITEMS, SILVER_USERS)


def ingested_uploads(spark: SparkSession, settings: Settings, tenant: Tenant) -> dict[str, int | None]:
    """By ingested upload the stamp of its rows (microseconds since the epoch); None if none was accepted."""
    from pyspark.sql import functions as F  # noqa: N812

    stamp = F.when(F.col("accepted") > 0, F.unix_micros("ingested_at"))
    uploads = read_tenant(spark, settings, BRONZE_INGESTS, tenant).groupBy("upload_id")
    return {row["upload_id"]: row["stamp"] for row in uploads.agg(F.max(stamp).alias("stamp")).collect()}


def build_is_due(spark: SparkSession, settings: Settings, tenant: Tenant) -> bool:
    """Whether bronze holds accepted rows that silver does not know of.

    Stamps of a tenant's ingests only ever grow, and a build takes all up to one of them.
    """
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F  # noqa: N812

    stamps = [s for s in ingested_uploads(spark, settings, tenant).values() if s is not None]
    if not stamps:
        return False
    try:
        known = [read_tenant(spark, settings, table, tenant).select("ingested_at") for table in _SILVER]
    except NotFoundError:
        return True
    stamp = F.max(F.unix_micros("ingested_at")).alias("newest")
    newest = reduce(DataFrame.unionAll, known).agg(stamp).collect()[0]["newest"]
    return newest is None or newest < max(stamps)

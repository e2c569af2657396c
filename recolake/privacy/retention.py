"""People who have not come back for so long that they are erased: all of a tenant's in one erasure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING

from recolake.errors import NotFoundError
from recolake.lake.engine import connect, engine_errors
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_USERS
from recolake.moments import clock_at
from recolake.privacy.certificate import Certificate
from recolake.privacy.erasure import erase
from recolake.privacy.people import People
from recolake.privacy.requests import Kind, new_request
from recolake.privacy.stores import Store
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import tenant_key

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Progress = Callable[[str], None]
USUAL_DAYS = 90
# What is said of a person over the API counts like something that they did.
_SEEN_IN = (BRONZE_EVENTS, BRONZE_USERS)


def retain(
    settings: Settings,
    tenant: Tenant,
    as_of: datetime | None = None,
    *,
    days: int | None = None,
    progress: Progress | None = None,
    stores: list[Store] | None = None,
) -> Certificate | None:
    """Erase everybody whose last event is more than so many days before the clock; None where there is
    nobody.

    Args:
        as_of: what the clock says; default: what it is.
        days: default: the setting, and 90 where there is none.

    Raises:
        InvalidInputError: the clock has no time zone.
        ErasureIncompleteError, ServiceUnavailableError: as `erase`.
    """
    clock = clock_at(as_of)
    least = clock - timedelta(days=days or settings.retention_days or USUAL_DAYS)
    with engine_errors("people were looked for", f"recolake privacy retain --tenant {tenant}"):
        gone = churned(connect(settings), settings, tenant, least)
    if not gone:
        return None
    if progress:
        progress(f"{len(gone)} people were last seen before {least:%Y-%m-%d %H:%M}")
    people = People(tenant_key(settings, tenant), frozenset(gone))
    request = new_request(settings, tenant, Kind.ERASURE, people, reason="retention")
    return erase(settings, tenant, request, progress=progress, stores=stores)


def churned(spark: SparkSession, settings: Settings, tenant: Tenant, least: datetime) -> list[str]:
    """Pseudonyms of those whose last event is before `least`, sorted; exactly then is not before.

    By bronze, where every event is at once: who came back today is no longer gone, whether it was built or
    not. Of somebody whose rows were all turned down, the time when they arrived counts.
    """
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F  # noqa: N812

    frames: list[DataFrame] = []
    for table in (*_SEEN_IN, BRONZE_QUARANTINE):
        try:
            rows = read_tenant(spark, settings, table, tenant).where("user_id IS NOT NULL")
        except NotFoundError:
            continue
        # A quarantined time may be in the future, or no time at all.
        seen = "ingested_at" if table is BRONZE_QUARANTINE else "event_time"
        frames.append(rows.select("user_id", F.col(seen).alias("seen")))
    if not frames:
        return []
    last = reduce(DataFrame.unionAll, frames).groupBy("user_id").agg(F.max("seen").alias("last"))
    return sorted(row["user_id"] for row in last.where(F.col("last") < F.lit(least)).collect())

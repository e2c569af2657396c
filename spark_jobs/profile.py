"""An upload's profile and its tenant's last weeks, each counted by the engine in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from recolake.errors import NotFoundError
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_UPLOADS, SILVER_ITEMS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.uploads.profile import History, Profile
from spark_jobs.classify import OUTCOME, Outcome

_POWER = "CAST(floor(log2(nullif(abs({0}), 0))) AS INT)"
_DAY_SECONDS = 86_400


def profile(
    classified: DataFrame,
    spark: SparkSession,
    settings: Settings,
    tenant: Tenant,
    landed_at: datetime,
    *,
    states_titles: bool,
) -> Profile:
    """Counts of the accepted rows.

    Args:
        states_titles: whether the mapping gives items titles at all.
    """
    accepted = classified.where(F.col(OUTCOME) == Outcome.ACCEPTED.value)
    entries = {
        "days": "CAST(event_date AS STRING)",
        "types": "event_type",
        "prices": f"CAST({_POWER.format('price')} AS STRING)",
        "worths": f"CAST({_POWER.format('value')} AS STRING)",
        "anonymous": "CASE WHEN user_id IS NULL THEN '' END",
        "newest": "CAST(NULL AS STRING)",
    }
    structs = ", ".join(f"named_struct('kind', '{kind}', 'key', {key})" for kind, key in entries.items())
    counted = (
        accepted.selectExpr("unix_micros(event_time) AS at", f"inline(array({structs}))")
        .groupBy("kind", "key")
        .agg(F.count("*").alias("n"), F.max("at").alias("newest"))
        .collect()
    )
    found = _by_kind(counted)
    newest = max((row["newest"] for row in counted if row["newest"] is not None), default=None)
    known, titled = _items(accepted, spark, settings, tenant, states_titles=states_titles)
    return Profile(
        days=found["days"],
        types=found["types"],
        prices=found["prices"],
        worths=found["worths"],
        anonymous=found["anonymous"].get("", 0),
        lag_days=None if newest is None else (landed_at.timestamp() - newest / 1e6) / _DAY_SECONDS,
        known=known,
        titled=titled,
    )


def last_weeks(
    spark: SparkSession,
    settings: Settings,
    tenant: Tenant,
    before: date | None,
    days: int,
    withdrawn: Sequence[str],
) -> History:
    """What counts of the uploads whose events reach into the days before the given one.

    Args:
        withdrawn: uploads that do not count.
    """
    if before is None:
        return History()
    uploads = read_tenant(spark, settings, BRONZE_UPLOADS, tenant).where(
        F.col("last_day") >= F.lit(before - timedelta(days=days))
    )
    maps = ("days", "types", "prices", "worths")
    parts = [
        *(
            f"transform(map_entries({m}), e -> struct('{m}' AS kind, e.key AS key, e.value AS n))"
            for m in maps
        ),
        "array(struct('anonymous' AS kind, '' AS key, anonymous AS n))",
        "array(struct('lags' AS kind, CAST(CAST(lag_days AS BIGINT) AS STRING) AS key, 1L AS n))",
    ]
    rows = (
        uploads.where(~F.col("upload_id").isin(list(withdrawn)))
        .selectExpr(f"inline(concat({', '.join(parts)}))")
        .groupBy("kind", "key")
        .agg(F.sum("n").alias("n"))
        .collect()
    )
    found = _by_kind(rows)
    return History(
        days=found["days"],
        types=found["types"],
        prices=found["prices"],
        worths=found["worths"],
        anonymous=found["anonymous"].get("", 0),
        lags=found["lags"],
    )


def _by_kind(rows: Sequence[Any]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {
        kind: {} for kind in ("days", "types", "prices", "worths", "anonymous", "lags", "newest")
    }
    for row in rows:
        if row["key"] is not None:
            found[row["kind"]][row["key"]] = row["n"]
    return found


def _items(
    accepted: DataFrame, spark: SparkSession, settings: Settings, tenant: Tenant, *, states_titles: bool
) -> tuple[int | None, int | None]:
    """Rows about items that silver knows, and about titled ones, there or here; None: nothing to ask."""
    title = "nullif(trim(item_attributes['title']), '')"
    here = accepted.groupBy("item_id").agg(
        F.count("*").alias("n"), F.count(F.expr(title)).alias("titles_here")
    )
    try:
        silver = read_tenant(spark, settings, SILVER_ITEMS, tenant)
        there = silver.select("item_id", F.lit(True).alias("known"), F.col("title").alias("title_there"))
    except NotFoundError:
        there = None
    if there is None and not states_titles:
        return None, None
    joined = here if there is None else here.join(there, "item_id", "left")
    known = "sum(n) FILTER (WHERE known)" if there is not None else "CAST(NULL AS BIGINT)"
    named = "titles_here > 0" if there is None else "titles_here > 0 OR title_there IS NOT NULL"
    row = joined.selectExpr(f"{known} AS known", f"sum(n) FILTER (WHERE {named}) AS titled").collect()[0]
    return (
        None if there is None else int(row["known"] or 0),
        int(row["titled"] or 0) if states_titles else None,
    )

"""Real people to show recommendations to: raw ids from the newest raw files, their history from the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recolake.contracts.expressions import physical_name
from recolake.contracts.mapping import EventMapping
from recolake.lake.read import read_tenant
from recolake.lake.tables import GOLD_USER_FEATURES, SILVER_ITEMS
from recolake.landing.upload import FILES, list_uploads, upload_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import pseudonym, tenant_key

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_NEWEST_FILES = 5
_CANDIDATES = 200
# Different items taken: enough to recognise a taste, few enough to read.
_WORTH_SHOWING = range(3, 31)


@dataclass(frozen=True, slots=True)
class Person:
    """A person by the tenant's own id, with the titles of what they took, newest first."""

    user_id: str
    history: tuple[str, ...]


def newest_files(settings: Settings, tenant: Tenant, mapping: EventMapping) -> list[Path]:
    """The last raw files, by name, that were uploaded with this mapping, as they lie in the landing zone."""
    landed = [
        (file.name, upload_folder(settings, upload) / FILES / file.name)
        for upload in list_uploads(settings, tenant)
        if upload.mapping_sha256 == mapping.sha256
        for file in upload.files
    ]
    return [path for _, path in sorted(landed)[-_NEWEST_FILES:]]


def recent_users(spark: SparkSession, mapping: EventMapping, files: Sequence[Path]) -> list[str]:
    """Raw user ids in these raw files, the most active first; empty if they name nobody."""
    from pyspark.sql import functions as F  # noqa: N812

    if "user" not in mapping.event or not files:
        return []
    form = mapping.format
    raw = spark.read.csv(
        [f"file://{path.resolve()}" for path in files],
        header=True,
        sep=form.delimiter,
        quote=form.quote,
        escape=form.quote,
        encoding=form.encoding,
        multiLine=True,
    )
    named = raw.select([F.col(f"`{column}`").alias(physical_name(column)) for column in raw.columns])
    user = F.trim(F.expr(mapping.event["user"].sql)).alias("user_id")
    counted = named.groupBy(user).count().where("user_id <> ''")
    ranked = counted.orderBy(F.desc("count"), "user_id").limit(_CANDIDATES)
    return [row["user_id"] for row in ranked.collect()]


def people_with_history(
    spark: SparkSession, settings: Settings, tenant: Tenant, user_ids: Sequence[str], count: int = 3
) -> list[Person]:
    """The first of these people whose history is worth showing, then others."""
    from pyspark.sql import functions as F  # noqa: N812

    key = tenant_key(settings, tenant)
    of_pseudonym = {pseudonym(key, user): user for user in user_ids}
    latest = (
        read_tenant(spark, settings, GOLD_USER_FEATURES, tenant)
        .where(F.col("user_id").isin(list(of_pseudonym)))
        .groupBy("user_id")
        .agg(F.max_by("history_items", "event_timestamp").alias("items"))
        .collect()
    )
    taken = {of_pseudonym[row["user_id"]]: row["items"] or [] for row in latest}
    known = [(user, taken.get(user, [])) for user in user_ids]
    chosen = sorted(known, key=lambda k: len(k[1]) not in _WORTH_SHOWING)[:count]
    wanted = sorted({item for _, items in chosen for item in items})
    titles = (
        read_tenant(spark, settings, SILVER_ITEMS, tenant)
        .where(F.col("item_id").isin(wanted))
        .select("item_id", "title")
        .collect()
    )
    title = {row["item_id"]: row["title"] or row["item_id"] for row in titles}
    return [Person(user, tuple(title.get(item, item) for item in items)) for user, items in chosen]

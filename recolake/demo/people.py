"""Real people to show recommendations to: raw ids from the newest raw files, their history from the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recolake.contracts.csv_text import CsvFormat
from recolake.contracts.expressions import physical_name
from recolake.contracts.mapping import EventMapping
from recolake.demo.raw_files import count_cells
from recolake.lake.read import read_tenant
from recolake.lake.tables import GOLD_USER_FEATURES, SILVER_ITEMS
from recolake.landing.upload import FILES, list_uploads, upload_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import pseudonym, tenant_key

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_NEWEST_FILES = 5
_MOST_ROWS = 50_000
_CANDIDATES = 200
# Different items taken: enough to recognise a taste, few enough to read.
_WORTH_SHOWING = range(3, 31)


@dataclass(frozen=True, slots=True)
class Person:
    """A person by the tenant's own id, with the titles of what they took, newest first."""

    user_id: str
    history: tuple[str, ...]


def newest_files(settings: Settings, tenant: Tenant, mapping: EventMapping) -> list[Path]:
    """The raw files that were landed last with this mapping, newest first; within an upload by name."""
    landed = [
        upload_folder(settings, upload) / FILES / name
        for upload in list_uploads(settings, tenant)
        if upload.mapping_sha256 == mapping.sha256
        for name in sorted(file.name for file in upload.files)
    ]
    return landed[: -_NEWEST_FILES - 1 : -1]


def recent_users(spark: SparkSession, mapping: EventMapping, files: Sequence[Path]) -> list[str]:
    """Raw user ids in the first rows of these files, the most active first.

    Empty if the files name nobody, or are not CSV with a header.
    """
    import pyarrow as pa
    from pyspark.sql import functions as F  # noqa: N812

    user = mapping.event.get("user")
    form = mapping.format
    if user is None or not isinstance(form, CsvFormat) or not form.header:
        return []
    columns = [column for column in mapping.columns if physical_name(column) in user.sql]
    counted = count_cells(files, form, columns, most_rows=_MOST_ROWS)
    if not counted:
        return []
    cells: dict[str, pa.Array] = {
        physical_name(column): pa.array([key[place] for key in counted], pa.string())
        for place, column in enumerate(columns)
    }
    rows = spark.createDataFrame(pa.table({**cells, "rows": pa.array(counted.values(), pa.int64())}))
    named = rows.select(F.trim(F.expr(user.sql)).alias("user_id"), "rows").where("user_id <> ''")
    activity = named.groupBy("user_id").agg(F.sum("rows").alias("rows"))
    ranked = activity.orderBy(F.desc("rows"), "user_id").limit(_CANDIDATES)
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

"""From an answer to the files and lines behind it: asked of the lake, at the model's table version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_RECOMMENDATIONS, SILVER_EVENTS
from recolake.ranking.manifest import Manifest
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


# Silver keeps one row an event, bronze says where it stood; the day lets files be skipped.
_WHICH = ("event_id", "upload_id", "event_date")


@dataclass(frozen=True, slots=True)
class Answer:
    """To whom, as a pseudonym, and what was recommended, best first."""

    user_id: str | None
    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One event, and the line of a file that it stood on; `own` says that it is the person's own."""

    upload_id: str
    source_file: str
    source_line: int
    event_type: str
    event_time: datetime
    item_id: str
    own: bool


_SHOWN = tuple(field.name for field in fields(Line))


def answer_of(
    spark: SparkSession, settings: Settings, tenant: Tenant, recommendation_id: str
) -> Answer | None:
    """What the lake knows of an answer; None while its usage record is not shipped."""
    from pyspark.sql import functions as F  # noqa: N812

    rows = read_tenant(spark, settings, BRONZE_RECOMMENDATIONS, tenant)
    found = rows.where(F.col("recommendation_id") == recommendation_id).select("user_id", "item_ids").head(1)
    return Answer(found[0].user_id, tuple(found[0].item_ids)) if found else None


def lines_behind(
    spark: SparkSession,
    settings: Settings,
    tenant: Tenant,
    answer: Answer,
    manifest: Manifest,
    limit: int,
) -> list[Line]:
    """Events that the model could learn from, newest first: the person's own, then those about the items.

    Only events that the model's version of silver.events holds. At most `limit` of them.

    Raises:
        NotFoundError: that version of the table is not kept any more.
    """
    from pyspark.sql import functions as F  # noqa: N812

    version = manifest.inputs.get(SILVER_EVENTS.qualified)
    own = F.coalesce(F.col("user_id") == F.lit(answer.user_id), F.lit(False))
    about = F.coalesce(F.col("item_id").isin(list(answer.item_ids)), F.lit(False))
    learnt = (
        read_tenant(spark, settings, SILVER_EVENTS, tenant, version)
        .where(F.col("item_id").isNotNull() & (own | about))
        .where(F.col("upload_id").isin(manifest.uploads))
        .select(*_WHICH, "event_type", "event_time", "item_id", own.alias("own"))
        .orderBy(F.desc("own"), F.desc("event_time"), "event_id")
        .limit(limit)
    )
    places = read_tenant(spark, settings, BRONZE_EVENTS, tenant).select(*_WHICH, "source_file", "source_line")
    rows = learnt.join(places, list(_WHICH)).orderBy(F.desc("own"), F.desc("event_time"), "event_id")
    return [Line(*(row[name] for name in _SHOWN)) for row in rows.collect()]


def as_lines(lines: Sequence[Line]) -> list[str]:
    """One line of text for each: file:line, then what stood there."""
    return [
        f"{line.upload_id}/{line.source_file}:{line.source_line}  {line.event_time:%Y-%m-%d}  "
        f"{line.event_type} of {line.item_id}" + ("  (the person's own)" if line.own else "")
        for line in lines
    ]

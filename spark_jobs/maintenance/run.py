"""Tend the lake: few files instead of many, and no file that nobody can ask for any more (docs/adr/0025)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from recolake.contracts.sql_text import identifier, literal
from recolake.lake.catalog import is_delta, table_version
from recolake.lake.engine import connect, engine_errors
from recolake.lake.tables import ALL_TABLES, BUILD_MARKS, DBT_TABLES, Table
from recolake.settings import Settings
from recolake.tenancy.locks import maintaining
from recolake.transform.marks import carried, read_marks, write_marks
from recolake.transform.run_dbt import dbt_to_oneself
from spark_jobs.maintenance.pins import oldest_pins
from spark_jobs.maintenance.retention import USUAL, Retention, retention

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Progress = Callable[[str], None]
TENDED = (*ALL_TABLES, BUILD_MARKS)


@dataclass(frozen=True, slots=True)
class Tended:
    """What was done to one table.

    Attributes:
        files_before, files_after: data files of the latest version.
        bytes_after: their size.
        removed: files that VACUUM took from the disk, as many of them as its dry run lists.
        pinned: the oldest version that must stay readable; None: only the usual span holds.
        retention: the table's spans from now on.
    """

    table: str
    files_before: int
    files_after: int
    bytes_after: int
    removed: int
    pinned: int | None
    retention: Retention


def maintain(
    settings: Settings,
    tables: Sequence[Table] = TENDED,
    *,
    usual: Retention = USUAL,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> list[Tended]:
    """Cluster and compact each table, set how long it keeps old versions, and remove what is older.

    One such run at a time. Builds wait while it works on a table that they write, and it waits for builds.
    Whoever reads, reads on: a file stays for at least a week after it was replaced, and as long as a pinned
    model needs it. Killed, it leaves nothing half done; running it again does what is left.

    Args:
        usual: spans where nothing is pinned.
        now: the time that pins are counted back from.

    Raises:
        ServiceUnavailableError: the engine does not answer.
    """
    done = []
    with maintaining(settings):
        spark, pins = connect(settings), oldest_pins(settings)
        for table in tables:
            with engine_errors("tables were maintained", "recolake lake maintain"):
                if not is_delta(spark, table.location(settings)):
                    continue
                with to_itself(spark, settings, table):
                    tended = _tend(spark, settings, table, pins.get(table.qualified), usual, now)
            done.append(tended)
            if progress:
                progress(_line(tended))
    return done


def _tend(
    spark: SparkSession,
    settings: Settings,
    table: Table,
    pinned: int | None,
    usual: Retention,
    now: datetime | None,
) -> Tended:
    name = f"delta.{identifier(table.location(settings))}"
    before = _detail(spark, name)
    spans = retention(_latest_at(spark, name, pinned), now or datetime.now(UTC), usual)
    changed = {k: v for k, v in spans.properties.items() if before["properties"].get(k) != v}
    if changed:
        pairs = ", ".join(f"{literal(k)} = {literal(v)}" for k, v in sorted(changed.items()))
        spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ({pairs})")
    _optimize(spark, name)
    doomed = spark.sql(f"VACUUM {name} DRY RUN").count()
    spark.sql(f"VACUUM {name}").collect()
    after = _detail(spark, name)
    return Tended(
        table.qualified,
        before["numFiles"],
        after["numFiles"],
        after["sizeInBytes"],
        doomed,
        pinned,
        spans,
    )


def _optimize(spark: SparkSession, name: str) -> None:
    """Where somebody rewrites the same files meanwhile, theirs count, and the next run compacts them."""
    from pyspark.errors import PySparkException

    try:
        spark.sql(f"OPTIMIZE {name}").collect()
    except PySparkException as error:
        if "[DELTA_CONCURRENT" not in str(error):
            raise


@contextmanager
def to_itself(spark: SparkSession, settings: Settings, table: Table) -> Iterator[None]:
    """Tables that builds write are tended between builds, whose marks stay good."""
    if table not in (*DBT_TABLES, BUILD_MARKS):
        yield
        return
    with dbt_to_oneself(settings):
        before = table_version(spark, table, settings)
        yield
        if table is not BUILD_MARKS:
            marks = read_marks(spark, settings)
            kept = carried(marks, table, before, table_version(spark, table, settings))
            if kept != marks:
                write_marks(spark, settings, kept)


def _detail(spark: SparkSession, name: str) -> dict[str, Any]:
    return spark.sql(f"DESCRIBE DETAIL {name}").collect()[0].asDict()


def _latest_at(spark: SparkSession, name: str, version: int | None) -> datetime | None:
    """When the version was committed. None where its entry is gone: then nothing is left to be kept."""
    if version is None:
        return None
    history = spark.sql(f"DESCRIBE HISTORY {name}").where(f"version = {version}")
    found = history.selectExpr("unix_micros(timestamp) AS at").collect()
    return datetime.fromtimestamp(found[0]["at"] / 1e6, UTC) if found else None


def _line(tended: Tended) -> str:
    days = tended.retention.files.days
    pinned = "" if tended.pinned is None else f"; version {tended.pinned} is pinned"
    size = f"{tended.bytes_after / 2**20:.1f} MiB"
    return (
        f"{tended.table}: {tended.files_before} files, now {tended.files_after} ({size}); "
        f"{tended.removed} old files removed; keeps {days} days{pinned}"
    )

"""What changed in a Delta table of features, by its change data feed, and the latest rows of what changed.

Feast's own incremental materialization goes by event time: it misses late events, which change the state of a
day that was materialized before. The change data feed misses nothing, and names no more than what changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812

from feature_repo.watermark import Position
from recolake.contracts.sql_text import identifier
from recolake.features.names import TENANT_KEY
from recolake.lake.catalog import missing_table, table_version
from recolake.lake.read import read_tenant
from recolake.lake.tables import Table
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TIMESTAMP, CREATED = "event_timestamp", "created_timestamp"
_RECENCY = "_recency"


@dataclass(frozen=True)
class Source:
    """A Delta table with one row per key and active day.

    `columns` maps each column to be read to the SQL type that Feast expects of it.
    """

    table: Table
    key: str
    columns: dict[str, str]


@dataclass(frozen=True)
class Rows:
    """Latest row of each key that changed, and the keys of which nothing is left.

    `gone` is None where `latest` has all keys that there are: every other one is gone.
    """

    latest: pa.Table
    gone: Sequence[str] | None


@dataclass(frozen=True)
class FeatureTable:
    """One tenant's rows of a source."""

    spark: SparkSession
    settings: Settings
    source: Source
    tenant: Tenant

    def position(self) -> Position:
        """The table's state now.

        Raises:
            NotFoundError: nobody built the table yet.
        """
        try:
            detail = self.spark.sql(f"DESCRIBE DETAIL {self._name}").collect()[0]
        except AnalysisException as error:
            raise missing_table(self.source.table) from error
        return Position(str(detail["id"]), table_version(self.spark, self.source.table, self.settings))

    def all_rows(self, at: Position) -> Rows:
        """The latest row of every key of the tenant."""
        return Rows(self._latest(at), None)

    def changed_rows(self, since: Position, at: Position) -> Rows | None:
        """What changed after `since` up to and including `at`; None where the table cannot tell any more.

        Reads the change feed, and of the table only the days from the first changed one on.
        """
        if since.table_id != at.table_id or since.version >= at.version or self._replaced(since):
            return None
        key = self.source.key
        try:
            touched, first_day = self._touched(since.version + 1, at.version)
        except PySparkException as error:
            # Vacuumed, or replaced by a table of another form.
            if (error.getCondition() or "").startswith("DELTA_"):
                return None
            raise
        latest = self._latest(at, touched, first_day)
        missing = _without(touched, latest.column(key))
        if len(missing):
            # Their rows of those days were taken back; what they are now lies further in the past.
            older = self._latest(at, missing)
            latest = pa.concat_tables([latest, older])
            missing = _without(missing, older.column(key))
        return Rows(latest, missing.to_pylist())

    def _replaced(self, since: Position) -> bool:
        """Whether the table was made anew after `since`: the feed is silent on what went with the old."""
        history = self.spark.sql(f"DESCRIBE HISTORY {self._name}").where(F.col("version") > since.version)
        return bool(history.where("operation RLIKE '(CREATE|REPLACE).*TABLE'").count())

    @property
    def _name(self) -> str:
        return f"delta.{identifier(self._location)}"

    @property
    def _location(self) -> str:
        return self.source.table.location(self.settings)

    def _touched(self, first: int, last: int) -> tuple[pa.Array, date | None]:
        """Keys with any change, and the first day of which a row came to be (None: rows only went)."""
        feed = self.spark.read.format("delta").options(
            readChangeFeed=True, startingVersion=first, endingVersion=last
        )
        came = F.col("_change_type").isin("insert", "update_postimage")
        changes = feed.load(self._location).where(F.col(TENANT_KEY) == self.tenant.name)
        by_key = changes.groupBy(self.source.key).agg(F.min(F.when(came, F.col("event_date"))).alias("day"))
        found = by_key.toArrow()
        return found.column(self.source.key).combine_chunks(), pc.min(found.column("day")).as_py()

    def _latest(self, at: Position, keys: pa.Array | None = None, first_day: date | None = None) -> pa.Table:
        """The latest row per key, of all keys or some, among the days from `first_day` on."""
        key, columns = self.source.key, self.source.columns
        rows = read_tenant(self.spark, self.settings, self.source.table, self.tenant, at.version)
        if first_day is not None:
            rows = rows.where(F.col("event_date") >= F.lit(first_day))
        rows = rows.select(*(F.col(name).cast(kind).alias(name) for name, kind in columns.items()))
        if keys is not None:
            wanted = self.spark.createDataFrame(pa.table({key: keys.cast(pa.string())}))
            rows = rows.join(F.broadcast(wanted), key, "left_semi")
        newest_first = Window.partitionBy(key).orderBy(F.desc(TIMESTAMP), F.desc(CREATED))
        ranked = rows.withColumn(_RECENCY, F.row_number().over(newest_first))
        return ranked.where(F.col(_RECENCY) == 1).drop(_RECENCY).toArrow()


def _without(keys: pa.Array, found: pa.ChunkedArray) -> pa.Array:
    return keys.filter(pc.invert(pc.is_in(keys, value_set=found.combine_chunks())))

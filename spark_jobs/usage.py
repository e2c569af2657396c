"""Ship the usage journal to `bronze.recommendations`, each record once however often it is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from recolake.journal.segments import sealed_segments
from recolake.lake.engine import connect
from recolake.lake.tables import BRONZE_RECOMMENDATIONS
from recolake.settings import Settings
from recolake.tenancy.locks import shipping_usage
from recolake.usage.bills import release
from recolake.usage.record import UsageRecord
from recolake.usage.segments import read_segment

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_BATCH_RECORDS = 100_000
_VIEW = "recolake_usage_batch"
_SCHEMA = pa.schema(
    [
        ("tenant_id", pa.string()),
        ("recommendation_id", pa.string()),
        ("served_at", pa.timestamp("us", "UTC")),
        ("served_date", pa.date32()),
        ("key_id", pa.string()),
        ("user_id", pa.string()),
        ("model_version", pa.string()),
        ("strategy", pa.string()),
        ("item_ids", pa.list_(pa.string())),
        ("fallback", pa.string()),
        ("variant", pa.string()),
        ("experiment_id", pa.string()),
        ("milliseconds", pa.float64()),
        ("rules", pa.string()),
        ("usage_id", pa.string()),
        ("kind", pa.string()),
        ("scenario", pa.string()),
        ("scenario_version", pa.int32()),
        ("request", pa.string()),
        ("scores", pa.list_(pa.float64())),
        ("reasons", pa.list_(pa.string())),
        ("propensities", pa.list_(pa.float64())),
    ]
)


@dataclass
class ShipReport:
    """`records` were read from `segments`, of which `added` were new to the lake.

    `unreadable` lines were set aside with their segments, in the journal's folder `unreadable`.
    """

    segments: int = 0
    records: int = 0
    added: int = 0
    unreadable: int = 0


def ship_usage(settings: Settings, progress: Callable[[str], None] | None = None) -> ShipReport:
    """Bring sealed journal segments into the lake, then remove them; what is billed stays in `bills/`.

    A segment is removed after its records are committed; one that is shipped again adds nothing, as a record
    is known by its recommendation id. Runs wait for each other.

    Raises:
        ServiceUnavailableError: the engine does not answer; the journal keeps everything.
    """
    report = ShipReport()
    with shipping_usage(settings):
        segments = sealed_segments(settings.journal_root)
        if not segments:
            return report
        spark = connect(settings)
        for batch, records, spoiled in _batches(segments):
            report.added += _add(spark, records)
            for path in batch:
                release(path, aside=path in spoiled)
            report.segments += len(batch)
            report.records += len(records)
            report.unreadable += sum(spoiled.values())
            if progress:
                progress(f"{report.records} records of {report.segments} segments")
    return report


def _batches(
    segments: Sequence[Path],
) -> Iterator[tuple[list[Path], list[UsageRecord], dict[Path, int]]]:
    """Segments, their records, and the number of unreadable lines of those that have any."""
    batch: list[Path] = []
    records: list[UsageRecord] = []
    spoiled: dict[Path, int] = {}
    for path in segments:
        found, unreadable = read_segment(path)
        batch.append(path)
        records += found
        if unreadable:
            spoiled[path] = unreadable
        if len(records) >= _BATCH_RECORDS:
            yield batch, records, spoiled
            batch, records, spoiled = [], [], {}
    if batch:
        yield batch, records, spoiled


def _add(spark: SparkSession, records: Sequence[UsageRecord]) -> int:
    """Insert the records that the table does not have; returns how many."""
    if not records:
        return 0
    rows = [record.model_dump() | {"served_date": record.served_at.date()} for record in records]
    frame = spark.createDataFrame(pa.Table.from_pylist(rows, schema=_SCHEMA))
    frame.dropDuplicates(["recommendation_id"]).createOrReplaceTempView(_VIEW)
    days = sorted({row["served_date"].isoformat() for row in rows})
    merged = spark.sql(
        f"MERGE INTO {BRONZE_RECOMMENDATIONS.qualified} AS known USING {_VIEW} AS new "
        f"ON known.served_date BETWEEN DATE'{days[0]}' AND DATE'{days[-1]}' "
        "AND known.tenant_id = new.tenant_id AND known.recommendation_id = new.recommendation_id "
        "WHEN NOT MATCHED THEN INSERT *"
    )
    return int(merged.collect()[0]["num_inserted_rows"])

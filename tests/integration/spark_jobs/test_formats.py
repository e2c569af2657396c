"""Files of every format become events, each file with its own accounting."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_QUARANTINE
from recolake.landing.store import land
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from spark_jobs.ingest import ingest_pending

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

RULES = """version: 1
format: {form}
columns: [person.id, thing, moment]
event:
  user: "`person.id`"
  item: thing
  type: "'view'"
  time: timestamp_seconds(moment)
"""
MOMENTS = ["1700000000", "1700000000.5", "-1", "1e30", "never", "999999999999999999999999"]


def test_members_of_an_archive_and_parquet_are_ingested_and_counted(
    platform: Settings, new_tenant: Callable[[str], Tenant], spark: SparkSession, tmp_path: Path
) -> None:
    tenant = new_tenant("formats")
    lines = [{"person": {"id": f"u{n}"}, "thing": "i", "moment": m} for n, m in enumerate(MOMENTS)]
    packed = zstandard.ZstdCompressor().compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    with zipfile.ZipFile(tmp_path / "week.zip", "w") as out:
        out.writestr("monday.jsonl.zst", packed)
        out.writestr("tuesday/rows.jsonl", '{"person": {"id": "x"}, "thing": "j", "moment": 1700000001}\n{\n')
    table = pa.table({"person": [{"id": 1}, {"id": 2}], "thing": ["a", "b"], "moment": [1700000002, None]})
    pq.write_table(table, tmp_path / "rows.parquet")
    for name, form in (("week.zip", "jsonl"), ("rows.parquet", "parquet")):
        (tmp_path / "mapping.yaml").write_text(RULES.format(form=form))
        land(platform, tenant, [tmp_path / name], tmp_path / "mapping.yaml")
    reports = [file for report in ingest_pending(platform, tenant) for file in report.files]
    assert {file.name: (file.accepted, file.reasons) for file in reports} == {
        "week.zip/monday.jsonl.zst": (2, {"invalid_time": 4}),
        "week.zip/tuesday/rows.jsonl": (1, {"malformed_record": 1}),
        "rows.parquet": (1, {"invalid_time": 1}),
    }
    times = {
        row.item_id: row.event_time for row in read_tenant(spark, platform, BRONZE_EVENTS, tenant).collect()
    }
    assert times["a"].timestamp() == 1700000002
    broken = read_tenant(spark, platform, BRONZE_QUARANTINE, tenant).where("source_file LIKE '%rows.jsonl'")
    assert [row.source_line for row in broken.collect()] == [2]

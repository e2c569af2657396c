"""Broken rows go out as they were sent, come back repaired, and are counted as that, once."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recolake.errors import NotFoundError
from recolake.landing.store import land
from recolake.landing.upload import list_uploads
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from spark_jobs.ingest import ingest_pending
from spark_jobs.quarantine.export import export_rows
from spark_jobs.quarantine.replay import replay
from spark_jobs.quarantine.rows import QuarantineError, ReasonCount, count_by_reason

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MAPPING = """version: 1
format: csv
columns: [id, person, thing, moment, pieces]
event: {id: id, user: person, item: thing, type: "'purchase'", time: moment, quantity: pieces}
"""
HEADER = ["id", "person", "note", "thing", "moment", "pieces"]
BROKEN = [
    ["e1", "ann@shop", "=1+1", "i1", "yesterday", "1"],
    ["e2", "bob@shop", "-", "", "2026-01-01", "-2"],
    ["e3", "cat@shop", "", "i1", "2026-01-01", "many"],
    ["e4", "dan@shop"],
]
GOOD = [[f"g{n}", "ann@shop", "", "i1", "2026-01-02", "1"] for n in range(20)]


def table(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="") as out:
        csv.writer(out).writerows(rows)
    return path


def test_a_repaired_row_counts_in_place_of_the_broken_one_and_the_others_stay(
    platform: Settings, spark: SparkSession, new_tenant: Callable[[str], Tenant], tmp_path: Path
) -> None:
    tenant, mapping, out = new_tenant("repairs"), tmp_path / "mapping.yaml", tmp_path / "broken.csv"
    mapping.write_text(MAPPING)
    first = land(platform, tenant, [table(tmp_path / "a.csv", [HEADER, *BROKEN, *GOOD])], mapping).upload
    assert first is not None
    ingest_pending(platform, tenant)
    assert export_rows(platform, tenant, first.upload_id, out) == 4
    header, *rows = list(csv.reader(out.open(newline="")))
    assert header == [*HEADER, "_reason", "_file", "_line", "_record"]
    assert rows[0] == ["e1", "ann@shop", "'=1+1", "i1", "yesterday", "1", "invalid_time", "a.csv", "2", ""]
    assert rows[1][2:7] == ["'-", "", "2026-01-01", "-2", "missing_item quantity_not_positive"]
    assert rows[3][-4:] == ["malformed_record", "a.csv", "5", "e4,dan@shop"]

    rows[0][4] = "2026-01-03"
    repaired = table(out, [header, rows[0], rows[2]])
    done = replay(platform, tenant, first.upload_id, repaired)
    assert (done.rows, done.left) == (2, 2)
    assert replay(platform, tenant, first.upload_id, repaired).repair_id == done.repair_id
    assert [u.repairs for u in list_uploads(platform, tenant)] == [None, first.upload_id]
    (report,) = ingest_pending(platform, tenant)
    assert (report.accepted, report.quarantined, report.repeats) == (1, 1, 0)

    counted = {(c.upload_id, c.reason): c for c in count_by_reason(spark, platform, tenant)}
    upload = first.upload_id
    assert counted[upload, "invalid_time"] == ReasonCount(upload, "invalid_time", 1, 1, 1)
    assert counted[upload, "invalid_number"] == ReasonCount(upload, "invalid_number", 1, 1, 0)
    assert counted[upload, "missing_item"] == ReasonCount(upload, "missing_item", 1, 0, 0)
    assert counted[done.repair_id, "invalid_number"].rows == 1
    with pytest.raises(QuarantineError, match="1 rows are not in the quarantine"):
        replay(platform, tenant, upload, table(out, [header, rows[0]]))
    with pytest.raises(NotFoundError):
        export_rows(platform, new_tenant("repairs-of-another"), upload, out)

"""What is wrong with one row or one upload costs that row or that upload, and holds up nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recolake.contracts.events import EVENT_TYPES
from recolake.errors import MappingError
from recolake.files import write_atomically
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_INGESTS, BRONZE_QUARANTINE
from recolake.landing.store import land
from recolake.landing.upload import FILES, MANIFEST, MAPPING, UploadManifest, upload_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from spark_jobs.ingest import IngestError, ingest_pending

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

RULES = """version: 1
format: csv
columns: [person, thing, kind, moment]
event:
  user: person
  item: thing
  type: kind
  time: moment
"""
HEADER = "person,thing,kind,moment\n"
NewTenant = Callable[[str], Tenant]
Land = Callable[[Tenant, list[str]], UploadManifest]
IMPLAUSIBLE = {
    "0000-02-01 10:00:00": ["invalid_time"],
    "0001-01-01 00:00:00+18:00": ["invalid_time"],
    "9999-12-31 23:59:59-18:00": ["invalid_time"],
    "0001-01-01 00:00:00": ["past_time"],
    "0999-05-05 00:00:00": ["past_time"],
    "1500-01-01 00:00:00": ["past_time"],
    "1970-01-01 00:00:00": ["past_time"],
    "1989-12-31 23:59:59.999999": ["past_time"],
    "1990-01-01 01:00:00+02:00": ["past_time"],
    "2999-01-01 00:00:00": ["future_time"],
    "9999-12-31 23:59:59.999999": ["future_time"],
}
PLAUSIBLE = ["1990-01-01 00:00:00", "2024-02-01 10:00:00"]
# So that the upload is not held.
ORDINARY = [f"u,i{n},view,2024-02-03 10:00:00" for n in range(40)]


@pytest.fixture
def landed(platform: Settings, tmp_path: Path) -> Land:
    """Lands rows as a file of its own."""
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(RULES)

    def land_rows(tenant: Tenant, rows: list[str]) -> UploadManifest:
        file = tmp_path / "rows.csv"
        file.write_text(HEADER + "".join(f"{row}\n" for row in rows))
        upload = land(platform, tenant, [file], mapping).upload
        assert upload is not None
        return upload

    return land_rows


def test_implausible_times_are_quarantined_and_hold_up_nobody(
    platform: Settings, new_tenant: NewTenant, spark: SparkSession, landed: Land
) -> None:
    tenant = new_tenant("times")
    rows = [*(f"u,i,view,{time}" for time in (*IMPLAUSIBLE, *PLAUSIBLE)), *ORDINARY]
    landed(tenant, rows)
    (report,) = ingest_pending(platform, tenant)
    assert (report.accepted, report.quarantined, report.repeats) == (42, len(IMPLAUSIBLE), 0)
    assert not report.held
    found = {
        row.source_line: row for row in read_tenant(spark, platform, BRONZE_QUARANTINE, tenant).collect()
    }
    assert [found[line].reasons for line in sorted(found)] == list(IMPLAUSIBLE.values())
    dates = [found[line].event_date for line in sorted(found)]
    assert dates[:5] == [None, None, None, date(1, 1, 1), date(999, 5, 5)]
    assert dates[-1] == date(9999, 12, 31)

    landed(tenant, [*rows, "u,j,view,2024-02-02 10:00:00"])
    (report,) = ingest_pending(platform, tenant)
    assert (report.accepted, report.quarantined, report.repeats) == (1, 0, len(rows))


def test_a_type_without_a_weight_is_quarantined(
    platform: Settings, new_tenant: NewTenant, landed: Land
) -> None:
    tenant = new_tenant("types")
    landed(tenant, [f"u,i,{kind},2024-02-01" for kind in (*EVENT_TYPES, "sneeze", "View", "")])
    (report,) = ingest_pending(platform, tenant)
    assert (report.accepted, report.reasons) == (len(EVENT_TYPES), {"missing_type": 1, "unknown_type": 2})


def test_an_upload_whose_mapping_was_damaged_holds_up_no_other_and_is_seen_once_mended(
    platform: Settings, new_tenant: NewTenant, spark: SparkSession, landed: Land
) -> None:
    tenant = new_tenant("damaged")
    damaged = landed(tenant, ["u,i,view,2024-02-01"])
    good = [landed(tenant, [f"u,i{n},view,2024-02-02"]) for n in range(2)]
    mapping = upload_folder(platform, damaged) / MAPPING
    # An earlier run got as far as taking a stamp.
    began = platform.run_root / f"ingest-{tenant}-{damaged.upload_id}.began"
    write_atomically(began, (datetime.now(UTC) - timedelta(hours=1)).isoformat().encode())
    mapping.write_text("version: 1\nevent: [")
    said: list[str] = []
    with pytest.raises(MappingError, match=damaged.upload_id):
        ingest_pending(platform, tenant, progress=said.append)
    assert any(damaged.upload_id in line and "not ingested" in line for line in said)
    stamps = stamp_of(spark, platform, tenant)
    assert sorted(stamps) == sorted(upload.upload_id for upload in good)

    mapping.write_text(RULES)
    (report,) = ingest_pending(platform, tenant)
    assert (report.upload_id, report.accepted) == (damaged.upload_id, 1)
    later = stamp_of(spark, platform, tenant)
    assert later[damaged.upload_id] > max(stamps.values())
    assert not began.exists()


def test_an_upload_that_lost_its_file_or_manifest_is_named_and_holds_up_no_other(
    platform: Settings, new_tenant: NewTenant, landed: Land
) -> None:
    tenant = new_tenant("gone")
    gone, torn, good = (landed(tenant, [f"u,i,view,2024-02-0{day}"]) for day in (1, 2, 3))
    file = upload_folder(platform, gone) / FILES / "rows.csv"
    content = file.read_bytes()
    file.unlink()
    (upload_folder(platform, torn) / MANIFEST).write_bytes(b"{")
    said: list[str] = []
    with pytest.raises(IngestError, match=f"{gone.upload_id}.* 1 more ") as caught:
        ingest_pending(platform, tenant, progress=said.append)
    assert len(caught.value.message) < 400
    assert said[-1].startswith(f"upload {good.upload_id}: 1 rows = 1 accepted")

    file.write_bytes(content)
    with pytest.raises(IngestError, match=f"{torn.upload_id} .* its manifest is damaged"):
        ingest_pending(platform, tenant, progress=said.append)
    assert said[-1].startswith(f"upload {gone.upload_id}: 1 rows = 1 accepted")


def stamp_of(spark: SparkSession, settings: Settings, tenant: Tenant) -> dict[str, datetime]:
    """Stamp by upload; that of its rows and that of its accounting are one."""
    by_table = [
        {row.upload_id: row.ingested_at for row in read_tenant(spark, settings, table, tenant).collect()}
        for table in (BRONZE_EVENTS, BRONZE_INGESTS)
    ]
    assert by_table[0] == by_table[1]
    return by_table[1]

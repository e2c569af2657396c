"""What people decide about uploads, in the tables: held rows stay out, released ones come in, and an upload
that was reverted might never have come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from recolake.lake.read import read_tenant
from recolake.lake.tables import SILVER_EVENTS, SILVER_ITEMS
from recolake.landing.store import land
from recolake.orchestration.backlog import build_is_due
from recolake.secrets.provider import secrets_of
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key
from recolake.transform.build import build
from recolake.uploads.decisions import decide
from recolake.uploads.states import Action, UploadStateError
from spark_jobs.ingest import ingest_pending
from spark_jobs.report import IngestReport

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

WITH, WITHOUT = Tenant("with-reverted"), Tenant("without-it")
MAPPING = """version: 1
format: csv
columns: [id, person, thing, title, kind, moment, price]
event:
  id: id
  user: person
  item: thing
  type: kind
  time: moment
  price: price
  value: price
item: {title: title}
"""
HEADER = "id,person,thing,title,kind,moment,price\n"
FIRST = [
    f"e{n},u{n % 5},i{n % 4},Thing {n % 4},purchase,2026-01-0{n % 6 + 1} 10:00:00,2.50" for n in range(24)
]
# Held: most of it is broken. Its good rows are late, of new days, of new items and people.
BAD = [f"b{n},u{n},i1,Worst,purchase,never,2.50" for n in range(12)]
LATE = [
    f"e{n},u{n % 7},i{n % 6},New {n % 6},purchase,2026-01-0{n % 9 + 1} 09:00:00,5.00" for n in range(24, 36)
]
# Brings events of `LATE` again, by the source's ids, under other titles and one on another day.
AGAIN = [row.replace("New", "Newer") for row in LATE[:6]]
AGAIN[0] = AGAIN[0].replace("2026-01-07", "2026-01-20")
MORE = [f"e{n},u{n % 3},i{n % 5},Thing {n % 5},view,2026-01-11 10:00:00," for n in range(40, 46)]

Land = Callable[[Tenant, list[str]], IngestReport]


@pytest.fixture(scope="module")
def upload(platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> Land:
    """Lands rows as an upload of one file and ingests it."""
    folder = tmp_path_factory.mktemp("uploads")
    mapping, file = folder / "mapping.yaml", folder / "rows.csv"
    mapping.write_text(MAPPING)

    def bring(tenant: Tenant, rows: list[str]) -> IngestReport:
        file.write_text(HEADER + "".join(f"{row}\n" for row in rows))
        land(platform, tenant, [Path(file)], mapping)
        (report,) = ingest_pending(platform, tenant)
        return report

    return bring


@pytest.fixture(scope="module", autouse=True)
def _tenants(platform: Settings) -> None:
    """One key for both, so that the same people have the same pseudonyms."""
    key = ensure_tenant_key(platform, WITH)
    secrets_of(platform).put(f"tenants/{WITHOUT}/pseudonym.key", key)
    assert ensure_tenant_key(platform, WITHOUT) == key


def test_held_rows_come_in_when_released_and_go_when_reverted_as_if_they_had_never_come(
    platform: Settings, spark: SparkSession, upload: Land, built: Any
) -> None:
    def assert_same(because: str) -> None:
        content = built.of([WITH, WITHOUT])
        assert content[WITH] == content[WITHOUT], because

    for tenant in (WITH, WITHOUT):
        assert not upload(tenant, FIRST).held
    held = upload(WITH, [*BAD, *LATE])
    assert (held.accepted, held.quarantined, held.held) == (12, 12, True)
    assert "50.0%" in held.failures["quarantined"]
    build(platform)
    assert_same("silver does not move for a held upload")
    assert not build_is_due(spark, platform, WITH)

    def decided(action: Action) -> None:
        decide(platform, WITH, held.upload_id, action, by="tester", reason="because")

    with pytest.raises(UploadStateError):
        decided(Action.REVERT)
    decided(Action.RELEASE)
    assert build_is_due(spark, platform, WITH)
    build(platform, WITH)
    ids = {row.event_id for row in read_tenant(spark, platform, SILVER_EVENTS, WITH).collect()}
    assert ids == {row.split(",")[0] for row in (*FIRST, *LATE)}

    again = upload(WITH, AGAIN)
    assert (again.accepted, again.repeats) == (0, 6)
    assert upload(WITHOUT, AGAIN).accepted == 6
    decided(Action.REVERT)
    assert build_is_due(spark, platform, WITH)
    assert upload(WITH, MORE).accepted == upload(WITHOUT, MORE).accepted == 6
    build(platform)
    assert_same("what was withdrawn might never have come")
    titles = {row.title for row in read_tenant(spark, platform, SILVER_ITEMS, WITH).collect()}
    assert any(title.startswith("Newer") for title in titles), "repeats count in place of what was withdrawn"
    assert not any(title.startswith("New ") for title in titles)
    assert not build_is_due(spark, platform, WITH)

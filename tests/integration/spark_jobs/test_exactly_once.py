"""Each event counts once, however it comes: killed and rerun, split, renamed, from Python or from Spark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recolake.contracts.events import parse_number
from recolake.contracts.identity import EventContent, event_id
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_INGESTS, BRONZE_QUARANTINE, BRONZE_REPEATS, Table
from recolake.landing.store import land
from recolake.lineage.store import read_events
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import pseudonym, tenant_key
from spark_jobs import ingest as ingest_module
from spark_jobs.ingest import ingest_pending

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NewTenant = Callable[[str], Tenant]
MAPPING = """version: 1
format: csv
columns: [person, thing, moment, pieces, price, invoice, place]
personal: [person]
event:
  user: person
  item: thing
  type: "CASE WHEN pieces < 0 THEN 'return' ELSE 'purchase' END"
  time: moment
  quantity: pieces
  price: price
  value: pieces * price
  order: invoice
  properties:
    place: place
"""
HEADER = "person,thing,moment,pieces,price,invoice,place\n"
GOOD = [f"u{i},i{i % 3},2024-02-{i % 20 + 1:02d} 10:00:00,{i + 1},2.55,o{i},Köln\n" for i in range(20)]
DIRTY = [
    ",i1,2024-02-01 10:00:00,1,1.00,o1,x\n",  # anonymous: accepted
    ",i1,2024-02-01 10:00:00,1,1.00,,x\n",  # missing_user
    "u1,,2024-02-01 10:00:00,0,1.00,o1,x\n",  # missing_item and quantity_not_positive
    "u1,i1,yesterday,1,0,o1,x\n",  # invalid_time and price_not_positive
    "u1,i1,2024-02-01 10:00:00,many,1.00,o1,x\n",  # invalid_number
    "u1,i1\n",  # malformed_record
]


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return path


def write(folder: Path, name: str, rows: list[str]) -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(rows))
    return path


def ids(spark: SparkSession, settings: Settings, tenant: Tenant, table: Table) -> list[str]:
    return sorted(row.event_id for row in read_tenant(spark, settings, table, tenant).collect())


def test_every_row_is_accounted_for_with_every_reason(
    platform: Settings, new_tenant: NewTenant, spark: SparkSession, mapping: Path, tmp_path: Path
) -> None:
    tenant = new_tenant("accounting")
    rows = [*GOOD, *DIRTY, GOOD[0], DIRTY[1], GOOD[0]]
    land(platform, tenant, [write(tmp_path, "a.csv", rows)], mapping)
    (report,) = ingest_pending(platform, tenant)
    assert (report.rows_in, report.accepted, report.repeats, report.quarantined) == (len(rows), 21, 3, 5)
    start, end = read_events(platform, tenant)
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
    assert [read["name"] for read in end["inputs"]] == [f"landing/{report.upload_id}/a.csv"]
    told = {wrote["name"]: wrote["outputFacets"]["outputStatistics"]["rowCount"] for wrote in end["outputs"]}
    assert told == {"bronze.events": 21, "bronze.quarantine": 5, "bronze.repeats": 3, "bronze.ingests": 1}
    reasons = Counter(
        reason
        for row in read_tenant(spark, platform, BRONZE_QUARANTINE, tenant).collect()
        for reason in row.reasons
    )
    assert reasons == {
        "missing_user": 1,
        "missing_item": 1,
        "quantity_not_positive": 1,
        "invalid_time": 1,
        "price_not_positive": 1,
        "invalid_number": 1,
        "malformed_record": 1,
    }
    lines = [
        row.source_line
        for table in (BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_REPEATS)
        for row in read_tenant(spark, platform, table, tenant).collect()
    ]
    assert sorted(lines) == list(range(2, len(rows) + 2))
    assert ingest_pending(platform, tenant) == []


def test_no_raw_user_id_reaches_the_lake(
    platform: Settings, new_tenant: NewTenant, spark: SparkSession, mapping: Path, tmp_path: Path
) -> None:
    tenant, secret = new_tenant("private"), "person-4711-of-this-test"
    row = GOOD[0].replace("u0,", f"{secret},")
    land(platform, tenant, [write(tmp_path, "a.csv", [row, f"{secret},ragged\n"])], mapping)
    ingest_pending(platform, tenant)
    (event,) = read_tenant(spark, platform, BRONZE_EVENTS, tenant).collect()
    assert event.user_id == pseudonym(tenant_key(platform, tenant), secret)
    for table in (BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_REPEATS):
        for found in read_tenant(spark, platform, table, tenant).collect():
            assert secret not in str(found.asDict(recursive=True))


def test_spark_gives_an_event_the_id_that_python_gives_it(
    platform: Settings, new_tenant: NewTenant, spark: SparkSession, mapping: Path, tmp_path: Path
) -> None:
    tenant = new_tenant("identity")
    land(platform, tenant, [write(tmp_path, "a.csv", GOOD)], mapping)
    ingest_pending(platform, tenant)
    key = tenant_key(platform, tenant)
    expected = []
    for row in GOOD:
        person, thing, moment, pieces, price, invoice, place = row.strip().split(",")
        number, cost = parse_number(pieces), parse_number(price)
        assert number is not None
        assert cost is not None
        expected.append(
            event_id(
                EventContent(
                    tenant=tenant.name,
                    user=pseudonym(key, person),
                    item=thing,
                    type="purchase",
                    value=number * cost,
                    time=datetime.fromisoformat(moment).replace(tzinfo=UTC),
                    order=invoice,
                    quantity=number,
                    price=cost,
                    properties={"place": place},
                )
            )
        )
    assert ids(spark, platform, tenant, BRONZE_EVENTS) == sorted(expected)


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_a_run_killed_between_two_appends_is_completed_by_the_next(
    platform: Settings,
    new_tenant: NewTenant,
    spark: SparkSession,
    mapping: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    """The interruption is raised in place of an append, after those before it are in their tables."""
    tenant = new_tenant(f"killed-{step}")
    land(platform, tenant, [write(tmp_path, "a.csv", [*GOOD, *DIRTY, GOOD[0]])], mapping)

    class KilledError(BaseException):
        """Like a signal, nothing that the ingest would handle."""

    appends = {"left": step}
    real = ingest_module.write_rows

    def until_killed(*arguments: object) -> None:
        if not appends["left"]:
            raise KilledError
        appends["left"] -= 1
        real(*arguments)  # type: ignore[arg-type]

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, "write_rows", until_killed)
        patch.setattr(ingest_module, "write_accounting", killed)
        with pytest.raises(KilledError):
            ingest_pending(platform, tenant)
    assert read_tenant(spark, platform, BRONZE_INGESTS, tenant).count() == 0
    (report,) = ingest_pending(platform, tenant)
    assert (report.accepted, report.repeats, report.quarantined) == (21, 1, 5)
    counts = [
        read_tenant(spark, platform, t, tenant).count()
        for t in (BRONZE_EVENTS, BRONZE_REPEATS, BRONZE_QUARANTINE)
    ]
    assert counts == [21, 1, 5]


def test_splitting_and_reordering_files_gives_the_same_events(
    platform: Settings, new_tenant: NewTenant, spark: SparkSession, mapping: Path, tmp_path: Path
) -> None:
    whole, parts = new_tenant("same"), new_tenant("same-2")
    land(platform, whole, [write(tmp_path, "all.csv", [*GOOD, *GOOD[:5]])], mapping)
    ingest_pending(platform, whole)
    for name, rows in (("late.csv", GOOD[12:]), ("early.csv", GOOD[:14]), ("again.csv", GOOD[3:6])):
        land(platform, parts, [write(tmp_path, name, rows)], mapping)
        ingest_pending(platform, parts)

    def content(tenant: Tenant) -> list[tuple[str, str, str]]:
        rows = read_tenant(spark, platform, BRONZE_EVENTS, tenant).collect()
        return sorted((row.item_id, str(row.event_time), str(row.value)) for row in rows)

    assert content(whole) == content(parts)
    assert read_tenant(spark, platform, BRONZE_REPEATS, parts).count() == 2 + 3

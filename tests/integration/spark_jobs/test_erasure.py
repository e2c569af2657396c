"""Erased people are in no file of the lake and the landing zone, whatever it is packed in, and stay away.

In a lake of this test's own, with planted ids of 128 random bits: a short one would turn up by chance.
"""

from __future__ import annotations

import gzip
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recolake.endpoints import resolve
from recolake.lake.catalog import create_statement
from recolake.lake.cuts import cuts, refuse_cut
from recolake.lake.read import read_tenant, row_count
from recolake.lake.tables import (
    BRONZE_EVENTS,
    BRONZE_INGESTS,
    BRONZE_QUARANTINE,
    BRONZE_RECOMMENDATIONS,
    BRONZE_REPEATS,
    BRONZE_UPLOADS,
    GOLD_TRAINING_SET,
    PYTHON_TABLES,
    Table,
)
from recolake.landing.store import land
from recolake.privacy.certificate import Certificate, public_key, verify
from recolake.privacy.erasure import erase
from recolake.privacy.errors import ErasedError
from recolake.privacy.export import export
from recolake.privacy.files import FilesStore
from recolake.privacy.receipts import refuse_erased
from recolake.privacy.requests import Kind, open_requests
from recolake.privacy.retention import churned, retain
from recolake.privacy.scan import Needles, scan
from recolake.privacy.stores import Store
from recolake.privacy.work import ask, named
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.directory import tenants_snapshot
from recolake.tenancy.pseudonyms import ensure_tenant_key, pseudonym
from spark_jobs.erasure.store import LakeStore, LandingStore
from spark_jobs.ingest import ingest_pending

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SHOP = Tenant("erased-shop")
MAPPING = """version: 1
columns: [user, item, kind, at, friend]
personal: [user, friend]
event:
  user: user
  item: item
  type: kind
  time: at
"""
HEADER = "user,item,kind,at,friend"


@dataclass
class Lake:
    """A tenant in a lake of its own."""

    settings: Settings
    spark: SparkSession
    folder: Path

    def person(self, user: str) -> str:
        return pseudonym(ensure_tenant_key(self.settings, SHOP), user)

    def land(self, name: str, content: bytes) -> None:
        (self.folder / "mapping.yaml").write_text(MAPPING)
        (self.folder / name).write_bytes(content)
        land(self.settings, SHOP, [self.folder / name], self.folder / "mapping.yaml")

    def append(self, table: Table, rows: pa.Table) -> None:
        frame = self.spark.createDataFrame(rows).coalesce(1)
        frame.write.format("delta").mode("append").save(table.location(self.settings))

    def users(self, table: Table) -> list[str]:
        rows = read_tenant(self.spark, self.settings, table, SHOP).select("user_id").collect()
        return sorted(row[0] or "" for row in rows)

    def erase(self, *users: str) -> Certificate:
        request = ask(self.settings, SHOP, Kind.ERASURE, named(self.settings, SHOP, *users))
        return erase(self.settings, SHOP, request, raw_ids=users, stores=_stores())

    def hits(self, *users: str) -> list[Path]:
        needles = Needles([*users, *map(self.person, users)])
        return scan([self.settings.home], needles).hits


def _stores() -> list[Store]:
    return [LandingStore(), LakeStore(), FilesStore()]


@pytest.fixture
def lake(platform: Settings, spark: SparkSession, tmp_path: Path) -> Lake:
    own = platform.model_copy(update={"home": tmp_path / "home", "spark_url": resolve(platform, "spark")})
    ensure_tenant_key(own, SHOP)
    tenants_snapshot(own).parent.mkdir(parents=True)
    tenants_snapshot(own).write_text(json.dumps([SHOP.name]))
    for table in PYTHON_TABLES:
        if table.layer == "bronze":
            there = f"delta.`{table.location(own)}`"
            made = create_statement(table, own).replace(f"EXISTS {table.qualified} ", f"EXISTS {there} ")
            spark.sql(made[: made.rindex(" LOCATION ")])
    return Lake(own, spark, tmp_path)


def _rows(*lines: str) -> bytes:
    return ("\n".join([HEADER, *lines, ""])).encode()


def _event(user: str, item: str, day: int, kind: str = "purchase", friend: str = "") -> str:
    return f"{user},{item},{kind},2026-01-{day:02}T10:00:00Z,{friend}"


@pytest.mark.control(21)
def test_erased_people_are_nowhere_and_do_not_come_back(lake: Lake) -> None:
    ada, ben = secrets.token_hex(16), secrets.token_hex(16)
    first = _rows(
        _event(ada, "i1", 1),
        _event(ben, "i1", 1),
        _event(ada, "i1", 1),
        _event(ada, "i2", 2, "sneeze"),
        _event(ben, "i2", 2, friend=ada),
        f"{ada},torn",
    )
    packed = gzip.compress(first)  # It says when it was made, so another time it is another file.
    lake.land("day.csv.gz", packed)
    ingest_pending(lake.settings, SHOP)
    _use(lake, ada, ben)
    assert len(lake.hits(ada)) > 5
    zipped = lake.folder / "ada.zip"
    export(lake.settings, SHOP, named(lake.settings, SHOP, ada), zipped, stores=_stores())

    certificate = lake.erase(ada)
    verify(certificate, public_key(lake.settings, SHOP))
    assert lake.hits(ada) == []
    assert lake.person(ada) not in certificate.model_dump_json()
    assert certificate.statement.scan.hits == []
    found = {each.store: each.found for each in certificate.statement.stores}
    assert found["bronze.events"] == 2, "hers, and where a friend's record named her"
    assert (found["bronze.quarantine"], found["bronze.repeats"]) == (1, 1)
    assert (found["bronze.recommendations"], found["gold.training_set"]) == (1, 1)
    assert found["files"] >= 1, "the log"
    assert {each.left for each in certificate.statement.stores} == {0}
    _the_others_are_what_they_were(lake, ben)
    _old_versions_say_so(lake)

    # The same file is known; another one with what she did before the erasure brings nothing of her.
    lake.land("day.csv.gz", packed)
    lake.land("late.csv", _rows(_event(ada, "i3", 3), _event(ben, "i3", 3), _event(ada, "i4", 4)))
    (report,) = ingest_pending(lake.settings, SHOP)
    assert (report.rows_in, report.accepted) == (1, 1)
    assert lake.hits(ada) == []
    assert open_requests(lake.settings, SHOP) == []


def _use(lake: Lake, ada: str, ben: str) -> None:
    """What builds, serving and logs leave: rows, one of them hidden by a deletion vector, and lines."""
    people = [lake.person(ada), lake.person(ben)]
    tenant = [SHOP.name] * 2
    lake.append(GOLD_TRAINING_SET, pa.table({"tenant_id": tenant, "user_id": people, "item_id": ["i1"] * 2}))
    lake.append(
        GOLD_TRAINING_SET, pa.table({"tenant_id": tenant, "user_id": people, "item_id": ["i9", "i8"]})
    )
    name = f"delta.`{GOLD_TRAINING_SET.location(lake.settings)}`"
    properties = "'delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true'"
    lake.spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ({properties})")
    lake.spark.sql(f"DELETE FROM {name} WHERE item_id = 'i9'").collect()
    now = datetime.now(UTC)
    rows = [
        {
            "tenant_id": SHOP.name,
            "recommendation_id": f"rec_{number}",
            "served_at": now,
            "served_date": now.date(),
            "key_id": "key",
            "user_id": person,
            "strategy": "personal",
            "item_ids": ["i1"],
        }
        for number, person in enumerate(people)
    ]
    lake.append(BRONZE_RECOMMENDATIONS, pa.Table.from_pylist(rows))
    lake.settings.log_root.mkdir(parents=True, exist_ok=True)
    (lake.settings.log_root / "api.log").write_text(f"asked for {ada}\n")


def _the_others_are_what_they_were(lake: Lake, ben: str) -> None:
    assert lake.users(BRONZE_EVENTS) == [lake.person(ben)] * 2
    assert lake.users(GOLD_TRAINING_SET) == [lake.person(ben)] * 2
    # The bill is what it was, and nobody can tell any more whom a row was for.
    assert lake.users(BRONZE_RECOMMENDATIONS) == ["", lake.person(ben)]
    refuse_erased(lake.settings, SHOP, "rec_1")
    with pytest.raises(ErasedError):
        refuse_erased(lake.settings, SHOP, "rec_0")
    (landed,) = lake.settings.landing_root.rglob("day.csv.gz")
    lines = gzip.decompress(landed.read_bytes()).decode().split("\n")
    assert lines == [HEADER, "", _event(ben, "i1", 1), "", "", "", "", ""]
    (accounted,) = read_tenant(lake.spark, lake.settings, BRONZE_INGESTS, SHOP).collect()
    # The torn record names nobody in the lake, and stays in the quarantine.
    counts = (accounted["rows_in"], accounted["accepted"], accounted["quarantined"], accounted["repeats"])
    assert counts == (3, 2, 1, 0)
    (judged,) = read_tenant(lake.spark, lake.settings, BRONZE_UPLOADS, SHOP).collect()
    assert (judged["rows_in"], judged["accepted"]) == (3, 2)
    assert row_count(lake.spark, lake.settings, BRONZE_QUARANTINE, SHOP) == 1
    assert row_count(lake.spark, lake.settings, BRONZE_REPEATS, SHOP) == 0


def _old_versions_say_so(lake: Lake) -> None:
    oldest = cuts(lake.settings)[GOLD_TRAINING_SET.qualified]
    refuse_cut(lake.settings, {GOLD_TRAINING_SET.qualified: oldest})
    with pytest.raises(ErasedError):
        refuse_cut(lake.settings, {GOLD_TRAINING_SET.qualified: oldest - 1})
    log = Path(GOLD_TRAINING_SET.location(lake.settings)) / "_delta_log"
    assert min(int(path.stem) for path in log.glob("*.json")) == oldest
    feed = Path(GOLD_TRAINING_SET.location(lake.settings)).rglob("cdc-*")
    assert [path for path in feed if path.is_file()] == []
    assert sum(pq.read_metadata(path).num_rows for path in log.parent.glob("*.parquet")) == 2


def test_who_was_last_seen_91_days_ago_goes_and_who_was_89_days_ago_stays(lake: Lake) -> None:
    long_gone, hardly = secrets.token_hex(16), secrets.token_hex(16)
    lake.land("days.csv", _rows(_event(long_gone, "i1", 1), _event(hardly, "i1", 3)))
    ingest_pending(lake.settings, SHOP)
    clock = datetime(2026, 1, 2, 10, tzinfo=UTC) + timedelta(days=90)
    everybody = sorted(map(lake.person, (long_gone, hardly)))
    assert churned(lake.spark, lake.settings, SHOP, clock + timedelta(days=90)) == everybody
    last = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert churned(lake.spark, lake.settings, SHOP, last) == [], "exactly then is not before"
    certificate = retain(lake.settings, SHOP, clock, stores=_stores())
    assert certificate is not None
    assert certificate.statement.reason == "retention"
    assert lake.users(BRONZE_EVENTS) == [lake.person(hardly)]
    assert lake.hits(long_gone) == []
    assert retain(lake.settings, SHOP, clock, stores=_stores()) is None

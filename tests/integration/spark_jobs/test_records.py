"""What the API took counts as what files brought: the same event once, statements where they belong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from recolake.lake.read import read_tenant
from recolake.lake.tables import (
    BRONZE_EVENTS,
    BRONZE_ITEMS,
    BRONZE_QUARANTINE,
    BRONZE_REPEATS,
    BRONZE_USERS,
    Table,
)
from recolake.landing.records import land_records
from recolake.landing.store import land
from recolake.records.encode import Encoder
from recolake.records.kinds import Kind
from recolake.records.schema import Event, ItemStatement, UserStatement
from recolake.settings import Settings
from recolake.spool.spool import Spool
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import pseudonym, tenant_key
from spark_jobs.deliver import Courier
from spark_jobs.ingest import ingest_pending

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NewTenant = Callable[[str], Tenant]
MAPPING = """version: 1
columns: [person, visit, thing, what, moment, pieces, price, invoice, place]
event:
  user: person
  session: visit
  item: thing
  type: what
  time: moment
  quantity: pieces
  price: price
  value: pieces * price
  order: invoice
  properties:
    place: place
"""
FILE = """person,visit,thing,what,moment,pieces,price,invoice,place
 ada ,v1,85123A,purchase,2026-02-01 10:00:00.25,3,2.55,o1,Köln
ben,,22,view,2026-02-02T11:00:00+02:00,,,,
"""
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


PEOPLE = ("ada", "ben", "cat")


def events(*texts: dict[str, object]) -> list[Event]:
    return [msgspec.convert(text, Event, strict=False) for text in texts]


SAME = events(
    {
        "user_id": "ada",
        "session_id": "v1",
        "item_id": "85123A",
        "type": "purchase",
        "time": "2026-02-01T10:00:00.25Z",
        "quantity": 3,
        "price": "2.55",
        "value": 7.65,
        "order_id": "o1",
        "properties": {"place": "Köln"},
        "recommendation_id": "r1",
        "impressions": ["1", "2"],
    },
    {"user_id": "ben", "item_id": "22", "type": "view", "time": "2026-02-02T09:00:00Z"},
)
NEW = events(
    {"user_id": "cat", "item_id": "22", "type": "cart", "time": "2026-02-02T09:00:00Z", "event_id": "own"}
)


def test_an_event_counts_once_by_whatever_way_it_comes(
    platform: Settings, new_tenant: NewTenant, spark: SparkSession, tmp_path: Path
) -> None:
    """By file, then over the API beside new ones and a spoiled line; then all of it again."""
    tenant = new_tenant("both-ways")
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "a.csv").write_text(FILE)
    land(platform, tenant, [tmp_path / "a.csv"], tmp_path / "mapping.yaml")
    (report,) = ingest_pending(platform, tenant)
    assert (report.accepted, report.quarantined) == (2, 0)

    encoder = Encoder(tenant, tenant_key(platform, tenant), NOW)
    records = [encoder.event(event)[1] for event in (*SAME, *NEW)]
    records.append(encoder.item("22", ItemStatement(title="Lamp", price=Decimal("4.5"), available=True)))
    records.append(encoder.user("ben", UserStatement(properties={"country": "DE"})))
    spool = Spool(platform.spool_root)
    spool.store(tenant, records[:2])
    spool.store(tenant, records[2:])
    spool.close()
    done = Courier(platform).follow(0)
    assert (done.records, done.damaged, done.uploads, done.failed) == (5, 0, 1, {})
    assert (done.accepted, done.repeats, done.quarantined) == (3, 2, 0)

    late = Encoder(tenant, tenant_key(platform, tenant), NOW.replace(day=2))
    again = [late.event(event)[1].text for event in (*SAME, *NEW)]
    upload = land_records(platform, tenant, {Kind.EVENT: [b"{spoiled", *again]})
    assert land_records(platform, tenant, {Kind.EVENT: [b"{spoiled", *again]}).upload_id == upload.upload_id
    (report,) = ingest_pending(platform, tenant)
    assert (report.accepted, report.repeats, report.quarantined) == (0, 3, 1)
    assert report.reasons == {"malformed_record": 1}

    def rows(table: Table) -> list[Any]:
        return read_tenant(spark, platform, table, tenant).collect()

    key = tenant_key(platform, tenant)
    assert {row.user_id for row in rows(BRONZE_EVENTS)} == {pseudonym(key, name) for name in PEOPLE}
    (cart,) = [row for row in rows(BRONZE_EVENTS) if row.event_type == "cart"]
    assert (cart.event_id, cart.source_file, cart.source_line) == ("own", "events.jsonl", 3)
    (item,) = rows(BRONZE_ITEMS)
    assert (item.item_id, item.price, item.event_time) == ("22", Decimal("4.5"), NOW.replace(tzinfo=None))
    assert item.item_attributes == {"title": "Lamp", "available": "true"}
    (user,) = rows(BRONZE_USERS)
    assert (user.user_id, user.user_attributes) == (pseudonym(key, "ben"), {"country": "DE"})
    (spoiled,) = rows(BRONZE_QUARANTINE)
    assert (spoiled.source_line, spoiled.reasons) == (1, ["malformed_record"])
    assert len(rows(BRONZE_REPEATS)) == 5

"""From a real broker to bronze: an event once by whatever way, bad messages aside, replays without a copy."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from confluent_kafka import Producer

from recolake.kafka.client import client_options
from recolake.kafka.position import checkpoint, done_offsets, measure_lag
from recolake.kafka.topics import ACKNOWLEDGED, ensure_topics
from recolake.lake.catalog import table_version
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_ITEMS, BRONZE_QUARANTINE, BRONZE_REPEATS, Table
from recolake.landing.records import land_records
from recolake.landing.store import land
from recolake.platform import control
from recolake.records.encode import Encoder
from recolake.records.kinds import Kind
from recolake.records.schema import Event
from recolake.settings import Settings
from recolake.spool.frames import Frame, encode
from recolake.tenancy.context import UNCLAIMED, Tenant
from recolake.tenancy.pseudonyms import tenant_key
from spark_jobs.kafka.consume import consume

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MAPPING = """version: 1
columns: [person, thing, what, moment]
event:
  user: person
  item: thing
  type: what
  time: moment
"""
FILE = "person,thing,what,moment\nada,22,view,2026-02-01 10:00:00\n"
SAME = {"user_id": "ada", "item_id": "22", "type": "view", "time": "2026-02-01T10:00:00Z"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def broker(platform: Settings) -> Settings:
    """A Kafka broker with its topics; where it runs already, that one."""
    control.up(platform, ["kafka"])
    ensure_topics(platform, partitions=2)
    return platform


def send(settings: Settings, *messages: tuple[str, bytes | None, str]) -> None:
    producer = Producer(client_options(settings))
    for topic, value, key in messages:
        producer.produce(topic, value, key)
    assert producer.flush(30) == 0


def test_an_event_counts_once_by_file_over_the_api_and_by_kafka(
    broker: Settings, new_tenant: Callable[[str], Tenant], spark: SparkSession, tmp_path: Path
) -> None:
    """Then the last batch comes again, as after a kill between its commits and the checkpoint's."""
    tenant = new_tenant("three-ways")
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "a.csv").write_text(FILE)
    land(broker, tenant, [tmp_path / "a.csv"], tmp_path / "mapping.yaml")
    encoder = Encoder(tenant, tenant_key(broker, tenant), NOW)
    same, other = (
        encoder.event(msgspec.convert(SAME | changes, Event, strict=False))[1]
        for changes in ({}, {"item_id": "23"})
    )
    land_records(broker, tenant, {Kind.EVENT: [same.text]})
    events = "recolake.events"
    send(
        broker,
        (events, json.dumps(SAME).encode(), f"{tenant}/ada"),
        (events, json.dumps(SAME | {"item_id": "24"}).encode(), f"{tenant}/ada"),
        (events, b"{no json", f"{tenant}/ada"),
        (events, json.dumps(SAME).encode(), "nobody/ada"),
        ("recolake.items", b'{"title": "Lamp"}', f"{tenant}/22"),
        (ACKNOWLEDGED, encode(Frame(tenant, [same, other])), tenant.name),
    )
    assert sum(lag.behind for lag in measure_lag(broker)) == 6
    done = consume(broker, None)
    assert (done.batches, done.failed, done.troubles) == (1, {}, [])
    # Of seven records two events and an item are new. The file and the API had one event before.
    assert done.rows == {"records": 7, "accepted": 4, "repeats": 3, "quarantined": 2}
    assert sum(lag.behind for lag in measure_lag(broker)) == 0

    def rows(table: Table, owner: Tenant = tenant) -> list[Any]:
        return read_tenant(spark, broker, table, owner).collect()

    assert sorted(row.item_id for row in rows(BRONZE_EVENTS)) == ["22", "23", "24"]
    assert [(row.item_id, row.item_attributes) for row in rows(BRONZE_ITEMS)] == [("22", {"title": "Lamp"})]
    assert len(rows(BRONZE_REPEATS)) == 3
    (bad,), (foreign,) = rows(BRONZE_QUARANTINE), rows(BRONZE_QUARANTINE, UNCLAIMED)
    assert (bad.reasons, foreign.reasons) == (["invalid_json"], ["unknown_tenant"])
    ended = done_offsets(checkpoint(broker))
    for row in (bad, foreign):
        topic, partition, offset = json.loads(row.raw_record)["source"].split("/")
        assert topic == events
        assert 0 <= int(offset) < ended[topic, int(partition)]

    before = [table_version(spark, table, broker) for table in (BRONZE_EVENTS, BRONZE_QUARANTINE)]
    commits = checkpoint(broker) / "commits"
    last = max(int(path.name) for path in commits.iterdir() if path.name.isdecimal())
    (commits / str(last)).unlink()
    (commits / f".{last}.crc").unlink(missing_ok=True)
    again = consume(broker, None)
    assert (again.rows["records"], again.rows["accepted"], again.rows["quarantined"]) == (7, 0, 0)
    assert [table_version(spark, table, broker) for table in (BRONZE_EVENTS, BRONZE_QUARANTINE)] == before
    assert done_offsets(checkpoint(broker)) == ended

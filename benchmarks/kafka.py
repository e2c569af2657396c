"""How fast Kafka's messages come into bronze, beside a bare copy of the same topic into a Delta table.

    python -m benchmarks.kafka [--events 200000] [--tenant bench-kafka] [--out FILE]

It works on the platform that runs (`recolake up --with kafka`), for a tenant that the control plane need not
know. In one run it sends new events, and measures:

1. the baseline: Spark reads the very messages as a batch and appends keys and values to a Delta table, which
   judges nothing, knows no identity and looks for no repeats;
2. `recolake kafka consume --once`, until they are in bronze and the checkpoint says so.

Afterwards the rows are counted: every event has to be there, once.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import orjson
from confluent_kafka import Producer

from recolake.files import write_atomically
from recolake.kafka.client import bootstrap_servers, client_options
from recolake.kafka.position import measure_lag
from recolake.kafka.topics import ensure_topics
from recolake.lake.engine import connect
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS
from recolake.settings import Settings, load_settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key
from spark_jobs.kafka.consume import consume

BAR_EVENTS = 20_000.0
_TOPIC = "recolake.events"
_PEOPLE, _ITEMS = 5_000, 2_000
_POLL_EVERY = 10_000


@dataclass(frozen=True, slots=True)
class Results:
    """Seconds for so many events, and events a second."""

    events: int
    bare_seconds: float
    bronze_seconds: float
    bare_per_second: float
    bronze_per_second: float
    bar_met: bool


def _events(count: int) -> Iterator[tuple[str, bytes]]:
    """New events of this run: people by turns, a visit that is this run's own."""
    began, visit = datetime.now(UTC) - timedelta(days=1), uuid4().hex
    for number in range(count):
        person = f"p{number % _PEOPLE}"
        event = {
            "type": "view",
            "item_id": f"i{number * 7 % _ITEMS}",
            "user_id": person,
            "session_id": visit,
            "time": (began + timedelta(milliseconds=number)).isoformat(),
            "properties": {"page": "home"},
        }
        yield person, orjson.dumps(event)


def send(settings: Settings, tenant: Tenant, count: int) -> None:
    """Put new events into the topic; all of them are acknowledged when this returns."""
    producer = Producer(
        client_options(settings) | {"linger.ms": 20, "queue.buffering.max.messages": 2 * count}
    )
    for number, (person, value) in enumerate(_events(count)):
        producer.produce(_TOPIC, value, f"{tenant}/{person}")
        if number % _POLL_EVERY == 0:
            producer.poll(0)
    left = producer.flush(120)
    if left:
        message = f"{left} messages were not acknowledged"
        raise SystemExit(message)


def bare_copy(settings: Settings, since: dict[str, int]) -> tuple[int, float]:
    """Messages from these offsets on, appended to a Delta table as they are; how many, and seconds."""
    spark = connect(settings)
    folder = Path(tempfile.mkdtemp(prefix="kafka-", dir=settings.home))
    began = time.perf_counter()
    try:
        (
            spark.read.format("kafka")
            .option("kafka.bootstrap.servers", bootstrap_servers(settings))
            .option("subscribe", _TOPIC)
            .option("startingOffsets", json.dumps({_TOPIC: since}))
            .load()
            .select("topic", "partition", "offset", "timestamp", "key", "value")
            .write.format("delta")
            .save(str(folder / "copy"))
        )
        seconds = time.perf_counter() - began
        return spark.read.format("delta").load(str(folder / "copy")).count(), seconds
    finally:
        shutil.rmtree(folder)


def measure(settings: Settings, tenant: Tenant, count: int) -> Results:
    """Send, copy, consume, count.

    Raises:
        SystemExit: messages waited before, or an event is missing or there twice.
    """
    ensure_tenant_key(settings, tenant)
    ensure_topics(settings)
    before = measure_lag(settings)
    if waiting := sum(lag.behind for lag in before):
        message = f"{waiting} messages wait already; run `recolake kafka consume --once` first"
        raise SystemExit(message)
    rows = read_tenant(connect(settings), settings, BRONZE_EVENTS, tenant).count()
    send(settings, tenant, count)
    copied, bare = bare_copy(settings, {str(lag.partition): lag.end for lag in before if lag.topic == _TOPIC})
    began = time.perf_counter()
    done = consume(settings, None, print)
    seconds = time.perf_counter() - began
    added = read_tenant(connect(settings), settings, BRONZE_EVENTS, tenant).count() - rows
    if (copied, added, done.rows["accepted"]) != (count, count, count):
        message = f"{count} events were sent, {copied} copied, {added} are in bronze"
        raise SystemExit(message)
    return Results(count, bare, seconds, count / bare, count / seconds, count / seconds >= BAR_EVENTS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--tenant", default="bench-kafka")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    results = measure(load_settings(), Tenant(asked.tenant), asked.events)
    text = json.dumps(asdict(results), indent=2)
    print(text)
    if asked.out:
        write_atomically(asked.out, text.encode())


if __name__ == "__main__":
    main()

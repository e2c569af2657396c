"""Where Kafka is to acknowledge, it has what was acknowledged; while it does not answer, the spool has."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from fastapi.testclient import TestClient

from recolake.endpoints import resolve
from recolake.journal.segments import sealed_segments
from recolake.kafka.client import client_options
from recolake.kafka.topics import ACKNOWLEDGED, ensure_topics
from recolake.platform import control
from recolake.settings import Settings
from recolake.spool.frames import decode
from recolake.spool.read import read_segment
from serving.app import create_app

EVENT = {"type": "view", "item_id": "i1", "user_id": "ada", "time": "2026-02-01T10:00:00Z"}


@pytest.fixture
def broker(_supervised: Settings) -> Iterator[Settings]:
    """A Kafka broker with its topics; where it runs already, that one. What was acknowledged is dropped."""
    control.up(_supervised, ["kafka"])
    ensure_topics(_supervised, partitions=2)
    yield _supervised
    admin = AdminClient(client_options(_supervised))  # Who is gone hears no answer.
    for dropped in admin.delete_topics([ACKNOWLEDGED]).values():
        dropped.result(30)


def acknowledged(shop: Any, url: str) -> dict[str, Any]:
    """Send an event to an application that Kafka there is to acknowledge for; its answer."""
    shop.person("ada")
    settings = shop.settings.model_copy(update={"kafka_url": url, "acknowledge_by": "kafka"})
    with TestClient(create_app(settings)) as client:
        answer = client.post("/v1/events", json=EVENT, headers={"Authorization": f"Bearer {shop.key()}"})
    assert answer.status_code == 202
    found: dict[str, Any] = answer.json()
    return found


def test_a_request_is_one_message_and_leaves_nothing_in_the_spool(broker: Settings, bare_shop: Any) -> None:
    said = acknowledged(bare_shop, resolve(broker, "kafka"))
    assert sealed_segments(bare_shop.settings.spool_root) == []
    options = {"group.id": uuid4().hex, "auto.offset.reset": "earliest"}
    reader = Consumer(client_options(broker) | options)
    reader.subscribe([ACKNOWLEDGED])
    try:
        while (message := reader.poll(30)) is not None and said["event_id"].encode() not in message.value():
            assert message.error() is None
    finally:
        reader.close()
    assert message is not None
    frame = decode(message.value().rstrip(b"\n"))
    assert frame is not None
    assert (frame.tenant.name, len(frame.records)) == ("shop", 1)
    assert b'"ada"' not in message.value()


def test_what_no_broker_takes_is_acknowledged_by_the_disk(bare_shop: Any) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        said = acknowledged(bare_shop, f"kafka://127.0.0.1:{nobody.getsockname()[1]}")
    (segment,) = sealed_segments(bare_shop.settings.spool_root)
    (frame,), damaged = read_segment(segment)
    assert damaged == 0
    assert said["event_id"].encode() in frame.records[0].text

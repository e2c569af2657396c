"""Every message becomes lines, whatever it is: records as the API makes them, or a reason for quarantine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.contracts.rules import REFUSALS, RULES
from recolake.kafka.messages import Line, Message, lines_of
from recolake.kafka.topics import ACKNOWLEDGED, ALL, LARGEST_MESSAGE, TOPICS
from recolake.records.encode import Encoder
from recolake.records.kinds import RECORD_FIELDS, Kind
from recolake.records.schema import Event
from recolake.settings import PROJECT_ROOT, Settings
from recolake.spool.frames import Frame, encode
from recolake.tenancy.context import UNCLAIMED, Tenant
from recolake.tenancy.pseudonyms import TenantKeys, ensure_tenant_key, pseudonym, tenant_key

SHOP = Tenant("shop")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MILLIS = int(NOW.timestamp() * 1_000)
GOOD: dict[str, Any] = {
    "type": "purchase",
    "item_id": "85123A",
    "user_id": "ada",
    "time": "2026-02-01T10:00:00Z",
    "quantity": 3,
    "price": "2.55",
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    found = Settings(home=Path(tmp_path_factory.mktemp("home")))
    for tenant in (SHOP, UNCLAIMED):
        ensure_tenant_key(found, tenant)
    return found


@pytest.fixture(scope="module")
def keys(settings: Settings) -> TenantKeys:
    return TenantKeys(settings)


def message(
    value: bytes | None, key: bytes | None = b"shop/ada", topic: str = "recolake.events", offset: int = 7
) -> Message:
    return Message(topic, 3, offset, MILLIS, key, value)


def one(keys: TenantKeys, asked: Message) -> tuple[Line, dict[str, Any]]:
    (line,) = lines_of(asked, keys)
    said = orjson.loads(line.text)
    assert said["source"] == f"{asked.topic}/3/{asked.offset}"
    assert set(said) <= set(RECORD_FIELDS)
    return line, said


def test_an_event_has_the_identity_that_the_api_gives_it(settings: Settings, keys: TenantKeys) -> None:
    encoder = Encoder(SHOP, tenant_key(settings, SHOP), NOW)
    event_id, record = encoder.event(msgspec.convert(GOOD, Event, strict=False))
    line, said = one(keys, message(orjson.dumps(GOOD)))
    assert (line.tenant, line.kind, line.refused) == (SHOP, Kind.EVENT, None)
    assert said["event_id"] == event_id
    assert {name: value for name, value in said.items() if name != "source"} == orjson.loads(record.text)


def test_the_key_names_what_the_address_names_over_http(keys: TenantKeys) -> None:
    """An item's id may hold slashes; a message without a body withdraws an item."""
    title = orjson.dumps({"title": "Lamp"})
    line, said = one(keys, message(title, b"shop/a/b", "recolake.items"))
    assert (line.kind, said["item_id"], said["item_attributes"]) == (Kind.ITEM, "a/b", {"title": "Lamp"})
    _, said = one(keys, message(None, b"shop/a/b", "recolake.items"))
    assert said["item_attributes"] == {"available": "false", "is_goods": "false"}
    line, said = one(keys, message(b'{"properties": {"country": "DE"}}', topic="recolake.users"))
    assert (line.kind, said["user_attributes"]) == (Kind.USER, {"country": "DE"})
    assert said["user_id"] == pseudonym(keys.of(SHOP), "ada")


@pytest.mark.parametrize(
    ("asked", "owner", "code"),
    [
        (message(b"{no json"), SHOP, "invalid_json"),
        (message(b"\xff\xfe"), SHOP, "invalid_json"),
        (message(None), SHOP, "invalid_json"),
        (message(orjson.dumps([GOOD])), SHOP, "invalid_input"),
        (message(orjson.dumps(GOOD | {"colour": "red"})), SHOP, "invalid_input"),
        (message(orjson.dumps(GOOD | {"type": "sneeze"})), SHOP, "unknown_type"),
        (message(orjson.dumps(GOOD | {"time": "2026-03-09T00:00:00Z"})), SHOP, "future_time"),
        (message(orjson.dumps(GOOD | {"properties": {"$x": "1"}})), SHOP, "reserved_property"),
        (message(orjson.dumps(GOOD | {"properties": {"x": "\0"}})), SHOP, "invalid_text"),
        (message(b" " * (LARGEST_MESSAGE + 1)), SHOP, "too_large"),
        (message(orjson.dumps(GOOD), b"nobody/ada"), UNCLAIMED, "unknown_tenant"),
        (message(orjson.dumps(GOOD), b"unclaimed/ada"), UNCLAIMED, "unknown_tenant"),
        (message(orjson.dumps(GOOD), b"../shop"), UNCLAIMED, "unknown_tenant"),
        (message(orjson.dumps(GOOD), None), UNCLAIMED, "unknown_tenant"),
        (message(b"{}", b"shop/ ", "recolake.items"), SHOP, "invalid_input"),
        (message(b"00000000 shop e{}", topic=ACKNOWLEDGED), UNCLAIMED, "malformed_record"),
        (message(None, topic=ACKNOWLEDGED), UNCLAIMED, "malformed_record"),
    ],
)
def test_what_is_wrong_is_said_in_a_stable_word(
    keys: TenantKeys, asked: Message, owner: Tenant, code: str
) -> None:
    line, said = one(keys, asked)
    assert (line.tenant, line.refused, said["refused"]) == (owner, code, code)
    assert code in {*REFUSALS, *(rule.reason for rule in RULES)}
    assert "event_id" not in said


def test_a_bad_message_that_comes_again_is_recognised(keys: TenantKeys) -> None:
    first, again = (one(keys, message(b"{no", offset=offset))[1]["refused_record"] for offset in (1, 2))
    other = one(keys, message(b"{no!"))[1]["refused_record"]
    assert first == again != other


_BYTES = st.none() | st.binary(max_size=60) | st.text(max_size=20).map(str.encode)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
).map(lambda value: msgspec.json.encode(value))


@given(
    st.sampled_from([*ALL, "another"]),
    _BYTES | st.sampled_from([b"shop/ada", b"shop/", b"shop"]),
    _BYTES | _JSON,
    st.integers(-(2**63), 2**63 - 1),
)
def test_no_message_stops_the_stream(
    keys: TenantKeys, topic: str, key: bytes | None, value: bytes | None, millis: int
) -> None:
    asked = Message(topic, 0, 0, millis, key, value)
    (line,) = lines_of(asked, keys)
    assert b"\n" not in line.text
    assert orjson.loads(line.text)["source"] == f"{topic}/0/0"
    assert list(lines_of(asked, keys)) == [line]


def test_nothing_of_a_refused_message_is_kept(keys: TenantKeys) -> None:
    for asked in (message(b'{"person-4711": 1}', b"shop/person-4711"), message(b"person-4711", b"x")):
        (line,) = lines_of(asked, keys)
        assert line.refused
        assert b"4711" not in line.text


def test_what_the_api_acknowledged_comes_as_it_was(settings: Settings, keys: TenantKeys) -> None:
    encoder = Encoder(SHOP, tenant_key(settings, SHOP), NOW)
    records = [encoder.event(msgspec.convert(GOOD, Event, strict=False))[1], encoder.removal("22")]
    lines = list(lines_of(message(encode(Frame(SHOP, records)), b"shop", ACKNOWLEDGED), keys))
    assert [(line.tenant, line.kind) for line in lines] == [(SHOP, Kind.EVENT), (SHOP, Kind.ITEM)]
    for line, record in zip(lines, records, strict=True):
        assert orjson.loads(line.text) == orjson.loads(record.text) | {"source": f"{ACKNOWLEDGED}/3/7"}


def test_each_kind_of_record_has_a_topic() -> None:
    assert sorted(TOPICS.values()) == sorted(Kind)


def test_every_reason_is_in_the_page_about_kafka() -> None:
    page = (PROJECT_ROOT / "docs" / "howto" / "send-by-kafka.md").read_text()
    assert [reason for reason in REFUSALS if f"`{reason}`" not in page] == []

"""What the API takes is judged by the rules of files, and has the identity that a file would give it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from recolake.contracts.identity import EventContent, event_id
from recolake.contracts.rules import RULES
from recolake.errors import InvalidInputError
from recolake.records.decode import Reader
from recolake.records.encode import Encoder
from recolake.records.kinds import RECORD_FIELDS
from recolake.records.refusals import InvalidJsonError, Refusal, RefusedError
from recolake.records.schema import Event, ItemStatement, UserStatement
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import pseudonym

KEY, SHOP = b"k" * 32, Tenant("shop")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENCODER = Encoder(SHOP, KEY, NOW)
EVENTS = Reader(Event)
GOOD: dict[str, Any] = {
    "type": "purchase",
    "item_id": "85123A",
    "user_id": "ada",
    "time": "2026-02-01T10:00:00+02:00",
    "value": 7.65,
    "quantity": 3,
    "price": "2.55",
    "order_id": "o1",
    "properties": {"place": "Köln", "page": 2, "gift": True, "note": ""},
}


def encoded(**changes: Any) -> tuple[str, dict[str, Any]]:
    said = {name: value for name, value in (GOOD | changes).items() if value is not None}
    identity, record = ENCODER.event(EVENTS.one(orjson.dumps(said)))
    return identity, orjson.loads(record.text)


def refusal(**changes: Any) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        encoded(**changes)
    return caught.value.refusal


def test_an_event_has_the_identity_of_its_content() -> None:
    identity, said = encoded()
    content = EventContent(
        tenant="shop",
        user=pseudonym(KEY, "ada"),
        item="85123A",
        type="purchase",
        value=Decimal("7.65"),
        time=datetime(2026, 2, 1, 8, tzinfo=UTC),
        order="o1",
        quantity=Decimal(3),
        price=Decimal("2.55"),
        properties={"place": "Köln", "page": "2", "gift": "true"},
    )
    assert identity == said["event_id"] == event_id(content)


@pytest.mark.parametrize(
    "changes",
    [
        {"recommendation_id": "r1"},
        {"impressions": ["a", "b"]},
        {"user_id": " ada "},
        {"value": "7.65000"},
        {"time": "2026-02-01T08:00:00"},
    ],
)
def test_what_is_no_part_of_the_content_does_not_change_its_identity(changes: dict[str, Any]) -> None:
    assert encoded(**changes)[0] == encoded()[0]


@pytest.mark.parametrize(
    "changes",
    [{"session_id": "s"}, {"price": 2.56}, {"item_id": "x"}, {"properties": {}}, {"order_id": None}],
)
def test_what_tells_events_apart_does(changes: dict[str, Any]) -> None:
    assert encoded(**changes)[0] != encoded()[0]


def test_people_are_pseudonyms_and_members_those_that_are_read() -> None:
    _, said = encoded(session_id="visit-4711", event_id="mine")
    assert said.keys() <= set(RECORD_FIELDS)
    assert (said["user_id"], said["session_id"]) == (pseudonym(KEY, "ada"), pseudonym(KEY, "visit-4711"))
    assert (said["event_id"], said["id_is_given"]) == ("mine", True)
    assert "ada" not in str(said)


@pytest.mark.parametrize(
    ("code", "field", "changes"),
    [
        ("unknown_type", "type", {"type": "sneeze"}),
        ("missing_item", "item_id", {"item_id": "  "}),
        ("missing_user", "user_id", {"user_id": None, "order_id": None}),
        ("past_time", "time", {"time": "1970-01-01T00:00:00Z"}),
        ("future_time", "time", {"time": (NOW + timedelta(days=1, seconds=1)).isoformat()}),
        ("invalid_number", "value", {"value": "NaN"}),
        ("invalid_number", "price", {"price": 1e14}),
        ("quantity_not_positive", "quantity", {"quantity": 0}),
        ("price_not_positive", "price", {"price": -1}),
    ],
)
def test_an_event_that_breaks_a_rule_of_files_is_refused_by_its_name(
    code: str, field: str, changes: dict[str, Any]
) -> None:
    found = refusal(**changes)
    assert (found.code, found.field) == (code, field)
    assert code in {rule.reason for rule in RULES}


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("colour", {"colour": "red"}),
        ("time", {"time": "yesterday"}),
        ("time", {"time": 1_700_000_000}),
        ("value", {"value": "much"}),
        ("item_id", {"item_id": ""}),
        ("user_id", {"user_id": 17850}),
        ("properties.$session", {"properties": {"$session": "x"}}),
        (None, {"properties": {"note": "a\0b"}}),
    ],
)
def test_what_has_another_form_is_refused_with_its_field(field: str | None, changes: dict[str, Any]) -> None:
    assert refusal(**changes).field == field


def test_a_backslash_before_a_u_is_no_nul() -> None:
    assert encoded(properties={"path": "C:\\u0000"})[1]["properties"] == {"path": "C:\\u0000"}


def test_of_a_list_each_entry_is_judged_for_itself() -> None:
    found = EVENTS.many(orjson.dumps([GOOD, GOOD | {"colour": 1}, 5, GOOD]), 10, "events")
    assert [type(entry) for entry in found] == [Event, Refusal, Refusal, Event]


@pytest.mark.parametrize("body", [b"[]", b"[1,2,3]", b"7"])
def test_lists_of_the_wrong_length_and_no_lists_are_refused_whole(body: bytes) -> None:
    with pytest.raises(InvalidInputError):
        EVENTS.many(body, 2, "events")


@pytest.mark.parametrize("body", [b"", b"[{", b"\xff", b'[{"a":"\\ud800"}]'])
def test_what_is_no_json_is_refused_whole(body: bytes) -> None:
    with pytest.raises(InvalidJsonError):
        EVENTS.many(body, 2, "events")


def test_a_statement_says_what_was_named_and_since_when() -> None:
    since = datetime(2026, 2, 1, tzinfo=UTC)
    item = ItemStatement(
        title=" Lamp ", price=Decimal("4.50"), available=False, properties={"brand": "x"}, time=since
    )
    said = orjson.loads(ENCODER.item("22", item).text)
    assert said["item_attributes"] == {"title": "Lamp", "available": "false", "brand": "x"}
    assert (said["item_id"], said["price"]) == ("22", "4.5000")
    assert datetime.fromisoformat(said["event_time"]) == since
    user = orjson.loads(ENCODER.user("ada", UserStatement(properties={"country": "DE"})).text)
    assert (user["user_id"], user["user_attributes"]) == (pseudonym(KEY, "ada"), {"country": "DE"})
    assert datetime.fromisoformat(user["event_time"]) == NOW


def test_a_property_cannot_hide_a_field() -> None:
    with pytest.raises(RefusedError):
        ENCODER.item("22", ItemStatement(properties={"title": "x"}))

"""An event's identity: the same content gives the same id, any other content another."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from recolake.contracts.events import parse_number
from recolake.contracts.identity import EventContent, event_id

TEXT = st.none() | st.text(max_size=8)
CONTENT = st.builds(
    EventContent,
    tenant=st.just("shop"),
    user=TEXT,
    item=TEXT,
    type=TEXT,
    value=st.none() | st.decimals(-(10**6), 10**6, places=4),
    time=st.none()
    | st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(tzinfo=UTC)),  # noqa: DTZ001
    order=TEXT,
    properties=st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="$"), max_size=4),
        st.text(max_size=4),
        max_size=3,
    ),
)


@given(CONTENT, CONTENT)
def test_different_content_has_different_ids(one: EventContent, other: EventContent) -> None:
    assert (event_id(one) == event_id(other)) == (one == other)


@given(CONTENT)
def test_the_order_of_properties_does_not_matter(content: EventContent) -> None:
    backwards = dict(reversed(list(content.properties.items())))
    same = EventContent(
        **{name: getattr(content, name) for name in EventContent.__slots__} | {"properties": backwards}
    )
    assert event_id(same) == event_id(content)


def test_an_amount_counts_as_a_number_not_as_its_spelling() -> None:
    spellings = ("15.3", "15.30", "+15.3", " 15.30004 ", "1.53e1")
    assert {parse_number(text) for text in spellings} == {Decimal("15.3000")}
    assert parse_number("fifteen") is None

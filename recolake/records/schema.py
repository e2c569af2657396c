"""What the API takes: events, and what a tenant states of its items and people.

Structs of msgspec, whose decoder checks form and bounds while it reads: about a microsecond an event.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

MOST_ID_CHARACTERS = 256
MOST_IMPRESSIONS = 1_000

Id = Annotated[str, Meta(min_length=1, max_length=MOST_ID_CHARACTERS)]
Number = Annotated[Decimal, Meta(description="A number, or a text that is one; four decimals, half up")]
PropertyName = Annotated[str, Meta(min_length=1, max_length=128)]
PropertyText = Annotated[str, Meta(max_length=4_096)]
Properties = Annotated[
    dict[PropertyName, PropertyText | int | float | bool],
    Meta(max_length=64, description="Anything else, by name; names that begin with $ are reserved"),
]
Title = Annotated[str, Meta(max_length=1_024)]


class Event(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Something that happened: a person (or a session, or an order), an item, a type and a time."""

    type: Annotated[
        str,
        Meta(
            description="purchase, return, view, click, cart, remove_from_cart, wishlist or rating",
            examples=["purchase"],
        ),
    ]
    item_id: Annotated[Id, Meta(description="What it is about", examples=["85123A"])]
    time: Annotated[
        datetime,
        Meta(description="When it happened (RFC 3339); UTC unless it says otherwise, part of its identity"),
    ]
    user_id: Annotated[
        Id | None, Meta(description="The person, by your own id; stored as a pseudonym", examples=["17850"])
    ] = None
    session_id: Annotated[Id | None, Meta(description="The visit; stored as a pseudonym")] = None
    order_id: Annotated[Id | None, Meta(description="Order, invoice or basket")] = None
    value: Annotated[Number | None, Meta(description="Worth of the event")] = None
    quantity: Annotated[Number | None, Meta(description="Pieces")] = None
    price: Annotated[Number | None, Meta(description="Price of one piece")] = None
    event_id: Annotated[
        Id | None, Meta(description="Your own id of the event; without one its content identifies it")
    ] = None
    recommendation_id: Annotated[Id | None, Meta(description="Recommendation that led to it")] = None
    impressions: (
        Annotated[
            list[Id], Meta(max_length=MOST_IMPRESSIONS, description="Items that were shown, in their order")
        ]
        | None
    ) = None
    properties: Properties = {}


class ItemStatement(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What is true of an item from `time` on. What is left out stays as it was."""

    title: Title | None = None
    category: Title | None = None
    price: Number | None = None
    available: Annotated[bool | None, Meta(description="Whether it can be had")] = None
    is_goods: Annotated[
        bool | None, Meta(description="False for postage, charges and samples: never recommended")
    ] = None
    properties: Properties = {}
    time: Annotated[
        datetime | None, Meta(description="Since when (RFC 3339); without it, when the request came")
    ] = None


class UserStatement(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What is true of a person from `time` on. What is left out stays as it was."""

    properties: Properties = {}
    time: Annotated[
        datetime | None, Meta(description="Since when (RFC 3339); without it, when the request came")
    ] = None

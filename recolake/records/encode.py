"""From what the API takes to records: judged, people as pseudonyms, each with its identity.

The JSON members are the columns that `spark_jobs.records` reads; docs/reference/event.md lists them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from recolake.contracts.identity import EventContent, event_id, netstring, time_text
from recolake.records.checks import (
    checked_number,
    checked_purchase,
    checked_time,
    checked_type,
    property_texts,
    text_of,
)
from recolake.records.kinds import Kind, Record
from recolake.records.refusals import refuse
from recolake.records.schema import Event, ItemStatement, UserStatement
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import pseudonym

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_OF_ITEMS = frozenset({"title", "category", "price", "available", "is_goods"})


@dataclass(frozen=True, slots=True)
class Encoder:
    """Makes records of what one request brought.

    Args:
        key: of the tenant's pseudonyms.
        now: when the request came.
    """

    tenant: Tenant
    key: bytes
    now: datetime
    _received_at: str = field(init=False, repr=False)
    _known: dict[str, str] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_received_at", self.now.isoformat(timespec="microseconds"))

    def _pseudonym(self, name: str | None) -> str | None:
        """Of one visit there are many events in a request: each name is hashed once."""
        if name is None:
            return None
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = pseudonym(self.key, name)
        return found

    def event(self, event: Event) -> tuple[str, Record]:
        """The event's id, and its record.

        Raises:
            RefusedError: the event breaks a rule.
        """
        content, given = self._content(event), text_of(event.event_id)
        identity = given or event_id(content)
        members = {
            "event_id": identity,
            "user_id": content.user,
            "session_id": content.session,
            "item_id": content.item,
            "event_type": content.type,
            "value": content.value,
            "quantity": content.quantity,
            "price": content.price,
            "event_time": _time(content.time),
            "order_id": content.order,
            "recommendation_id": text_of(event.recommendation_id),
            "impressions": event.impressions,
            "properties": content.properties or None,
            "id_is_given": True if given else None,
        }
        return identity, self._record(Kind.EVENT, members)

    def _content(self, event: Event) -> EventContent:
        kind = checked_type(event.type)
        item, user, session = text_of(event.item_id), text_of(event.user_id), text_of(event.session_id)
        order = text_of(event.order_id)
        if item is None:
            raise refuse("missing_item", "item_id", "No item is named.")
        if user is None and session is None and order is None:
            raise refuse("missing_user", "user_id", "One of user_id, session_id and order_id is needed.")
        quantity = checked_number(event.quantity, "quantity")
        price = checked_number(event.price, "price")
        if kind == "purchase":
            checked_purchase(quantity, "quantity")
            checked_purchase(price, "price")
        return EventContent(
            tenant=self.tenant.name,
            user=self._pseudonym(user),
            item=item,
            type=kind,
            value=_number(checked_number(event.value, "value")),
            time=checked_time(event.time, self.now),
            order=order,
            session=self._pseudonym(session),
            quantity=_number(quantity),
            price=_number(price),
            properties=property_texts(event.properties),
        )

    def item(self, item_id: str, stated: ItemStatement) -> Record:
        """The record of what is stated of an item.

        Raises:
            RefusedError: the statement breaks a rule.
        """
        fields = {
            "title": text_of(stated.title),
            "category": text_of(stated.category),
            "available": _flag(stated.available),
            "is_goods": _flag(stated.is_goods),
        }
        attributes = property_texts(stated.properties, _OF_ITEMS)
        attributes |= {name: text for name, text in fields.items() if text is not None}
        price = checked_number(stated.price, "price")
        return self._statement(Kind.ITEM, _subject(item_id, "item_id"), attributes, stated.time, price)

    def removal(self, item_id: str) -> Record:
        """The record that an item is not to be had any more, and no goods: it is recommended no longer."""
        attributes = {"available": _flag(False), "is_goods": _flag(False)}
        return self._statement(Kind.ITEM, _subject(item_id, "item_id"), attributes, None, None)

    def user(self, user_id: str, stated: UserStatement) -> Record:
        """The record of what is stated of a person.

        Raises:
            RefusedError: the statement breaks a rule.
        """
        person = pseudonym(self.key, _subject(user_id, "user_id"))
        return self._statement(Kind.USER, person, property_texts(stated.properties), stated.time, None)

    def _statement(
        self,
        kind: Kind,
        subject: str,
        attributes: Mapping[str, str | None],
        time: datetime | None,
        price: Decimal | None,
    ) -> Record:
        since = self.now if time is None else checked_time(time, self.now)
        texts = [kind.value, self.tenant.name, subject, time_text(since), _number(price)]
        texts += [text for name in sorted(attributes) for text in (name, attributes[name])]
        identity = hashlib.sha256("".join(map(netstring, texts)).encode()).hexdigest()
        members = {
            "event_id": identity,
            f"{kind}_id": subject,
            "event_time": _time(since),
            "price": _number(price),
            f"{kind}_attributes": attributes or None,
        }
        return self._record(kind, members)

    def _record(self, kind: Kind, members: Mapping[str, Any]) -> Record:
        said = {name: value for name, value in members.items() if value is not None}
        text = orjson.dumps(said | {"received_at": self._received_at})
        if b"\\u0000" in text and _NUL.search(text):
            raise refuse("invalid_text", None, "A text holds the character U+0000, which no table can keep.")
        return Record(kind, text)


def _subject(name: str, field: str) -> str:
    found = text_of(name)
    if found is None:
        raise refuse("invalid_input", field, "An id is not blank.")
    return found


def _number(number: Decimal | str | None) -> str | None:
    return None if number is None else f"{number:f}" if isinstance(number, Decimal) else number


def _time(moment: datetime | str | None) -> str | None:
    return moment.isoformat(timespec="microseconds") if isinstance(moment, datetime) else moment


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()

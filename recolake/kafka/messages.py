"""From messages to lines of an upload of records: judged as the API judges, people as pseudonyms.

All that a line says comes from its message, the time included, so that reading it again gives the same line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from recolake.errors import InvalidInputError
from recolake.kafka.topics import ACKNOWLEDGED, LARGEST_MESSAGE, TOPICS
from recolake.moments import EPOCH
from recolake.records.decode import Reader
from recolake.records.encode import Encoder
from recolake.records.kinds import Kind, Record
from recolake.records.refusals import InvalidJsonError, RefusedError, refuse
from recolake.records.schema import Event, ItemStatement, UserStatement
from recolake.spool.frames import decode
from recolake.tenancy.context import UNCLAIMED, Tenant
from recolake.tenancy.pseudonyms import PseudonymKeyError, TenantKeys, pseudonym

_READERS: dict[Kind, Reader[Any]] = {
    Kind.EVENT: Reader(Event),
    Kind.ITEM: Reader(ItemStatement),
    Kind.USER: Reader(UserStatement),
}
_FIELDS = frozenset(
    {
        "item_id",
        "user_id",
        *(name for form in (Event, ItemStatement, UserStatement) for name in form.__struct_fields__),
    }
)
_LATEST = 253_402_300_799_000
"""Milliseconds: the last second of the year 9999. Any producer may write any time on its messages."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message and its place; `millis` since 1970 is its time."""

    topic: str
    partition: int
    offset: int
    millis: int
    key: bytes | None
    value: bytes | None

    @property
    def source(self) -> bytes:
        """Where it stands: `topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}".encode()

    @property
    def time(self) -> datetime:
        return EPOCH + timedelta(milliseconds=min(max(self.millis, 0), _LATEST))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file of records; `refused` is why it goes to quarantine."""

    tenant: Tenant
    kind: Kind
    text: bytes
    refused: str | None = None


def lines_of(message: Message, keys: TenantKeys) -> Iterator[Line]:
    """The lines of one message: one, or as many as the request had that the API put into it.

    Whatever is wrong with a message becomes a line: a stream that stops at one would stop for everybody.
    """
    kind = TOPICS.get(message.topic, Kind.EVENT)
    owner = UNCLAIMED
    try:
        if message.topic == ACKNOWLEDGED:
            yield from _acknowledged(message)
            return
        name, _, subject = (message.key or b"").decode().partition("/")
        encoder = Encoder(_known(name, keys), keys.of(Tenant(name)), message.time)
        owner = encoder.tenant
        yield Line(owner, kind, _placed(_record(message, kind, subject, encoder), message))
    except RefusedError as error:
        yield _refused(message, kind, owner, keys, error.refusal.code, error.refusal.field)
    except InvalidJsonError:
        yield _refused(message, kind, owner, keys, InvalidJsonError.code)
    except Exception:
        # What nobody thought of is refused too.
        yield _refused(message, kind, owner, keys, "malformed_record")


def _known(name: str, keys: TenantKeys) -> Tenant:
    """The tenant of that name; one exists from when it has a key for pseudonyms."""
    try:
        tenant = Tenant(name)
        keys.of(tenant)
    except (InvalidInputError, PseudonymKeyError) as error:
        raise refuse("unknown_tenant", None, "Nobody has this name.") from error
    if tenant == UNCLAIMED:
        raise refuse("unknown_tenant", None, "It is nobody's name.")
    return tenant


def _acknowledged(message: Message) -> Iterator[Line]:
    frame = decode((message.value or b"").rstrip(b"\n"))
    if frame is None:
        raise refuse("malformed_record", None, "Its checksum is wrong.")
    for record in frame.records:
        yield Line(frame.tenant, record.kind, _placed(record, message))


def _record(message: Message, kind: Kind, subject: str, encoder: Encoder) -> Record:
    body = message.value
    if body is not None and len(body) > LARGEST_MESSAGE:
        raise refuse("too_large", None, f"It has {len(body)} bytes.")
    if body is None:
        if kind is Kind.ITEM:
            return encoder.removal(subject)
        raise refuse("invalid_json", None, "It has no body.")
    said = _READERS[kind].one(body)
    if kind is Kind.EVENT:
        return encoder.event(said)[1]
    return encoder.item(subject, said) if kind is Kind.ITEM else encoder.user(subject, said)


def _placed(record: Record, message: Message) -> bytes:
    """The record's JSON, an object that is not empty, with one member more."""
    return record.text[:-1] + b',"source":"' + message.source + b'"}'


def _known_field(field: str | None) -> str | None:
    """The field, as far as we gave it its name: a sender's own may be anything, a person's included."""
    name = (field or "").partition(".")[0].partition("[")[0]
    return name if name in _FIELDS else None


def _refused(
    message: Message, kind: Kind, owner: Tenant, keys: TenantKeys, code: str, field: str | None = None
) -> Line:
    """A line that recognises the message and says what is wrong with it, and holds nothing of it."""
    parts = (message.topic.encode(), message.key or b"", message.value or b"")
    text = b"\n".join(parts).decode("utf-8", "backslashreplace")
    members = {
        "refused": code,
        "refused_field": _known_field(field),
        "refused_record": pseudonym(keys.of(owner), text),
        "received_at": message.time.isoformat(timespec="microseconds"),
        "source": message.source.decode(),
    }
    said = {name: value for name, value in members.items() if value is not None}
    return Line(owner, kind, orjson.dumps(said), code)

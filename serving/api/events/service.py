"""From a body to kept events."""

from __future__ import annotations

from collections.abc import Sequence

from recolake.records.decode import Reader
from recolake.records.encode import Encoder
from recolake.records.kinds import Record
from recolake.records.refusals import Refusal, RefusedError
from recolake.records.schema import Event
from recolake.web.replays import Answer
from serving.api.events.schemas import MOST_EVENTS
from serving.intake.answers import NothingKeptError, Result, accepted, kept, refused, several

_READER = Reader(Event)


def take_events(encoder: Encoder, body: bytes) -> tuple[Answer, Sequence[Record]]:
    """One event, or a list of them, of which each is kept or refused for itself.

    Raises:
        InvalidInputError: nothing of it can be kept.
    """
    if not body.lstrip().startswith(b"["):
        return _one(encoder, body)
    records: list[Record] = []
    events = _READER.many(body, MOST_EVENTS, "events")
    return several([_judge(encoder, event, records) for event in events]), records


def _one(encoder: Encoder, body: bytes) -> tuple[Answer, Sequence[Record]]:
    try:
        identity, record = encoder.event(_READER.one(body))
    except RefusedError as error:
        raise NothingKeptError(error.refusal) from error
    return kept({"event_id": identity}), [record]


def _judge(encoder: Encoder, event: Event | Refusal, records: list[Record]) -> Result:
    if isinstance(event, Refusal):
        return refused(event)
    try:
        identity, record = encoder.event(event)
    except RefusedError as error:
        return refused(error.refusal)
    records.append(record)
    return accepted(event_id=identity)

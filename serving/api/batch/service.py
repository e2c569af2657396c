"""From a list of operations to kept records, all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from http import HTTPStatus

from recolake.records.decode import Reader
from recolake.records.encode import Encoder
from recolake.records.kinds import Record
from recolake.records.refusals import Refusal, RefusedError
from recolake.tenancy.api_keys import Scope
from recolake.web.replays import Answer
from serving.api.batch.schemas import MOST_OPERATIONS, DeleteItem, Operation, PutItem, PutUser, SendEvent
from serving.intake.answers import Result, accepted, refused, several
from serving.intake.desk import Work

_READER: Reader[Operation] = Reader(Operation)  # type: ignore[arg-type]
_SCOPES = {
    SendEvent: Scope.EVENTS_WRITE,
    PutItem: Scope.ITEMS_WRITE,
    DeleteItem: Scope.ITEMS_WRITE,
    PutUser: Scope.USERS_WRITE,
}


def take_batch(scopes: AbstractSet[Scope]) -> Work:
    """Takes operations, each kept or refused for itself."""

    def work(encoder: Encoder, body: bytes) -> tuple[Answer, Sequence[Record]]:
        records: list[Record] = []
        operations = _READER.many(body, MOST_OPERATIONS, "operations")
        results = [_judge(encoder, scopes, operation, records) for operation in operations]
        return several(results), records

    return work


def _judge(
    encoder: Encoder, scopes: AbstractSet[Scope], operation: Operation | Refusal, records: list[Record]
) -> Result:
    if isinstance(operation, Refusal):
        return refused(operation)
    scope = _SCOPES[type(operation)]
    if scope not in scopes:
        missing = Refusal("forbidden", f"This API key lacks the scope '{scope}'.", "operation")
        return refused(missing, HTTPStatus.FORBIDDEN)
    try:
        ids, record = _record(encoder, operation)
    except RefusedError as error:
        within = isinstance(operation, SendEvent)
        return refused(error.refusal.within("event") if within else error.refusal)
    records.append(record)
    return accepted(**ids)


def _record(encoder: Encoder, operation: Operation) -> tuple[dict[str, str], Record]:
    match operation:
        case SendEvent(event=event):
            identity, record = encoder.event(event)
            return {"event_id": identity}, record
        case PutItem(item_id=item_id, item=item):
            return {"item_id": item_id}, encoder.item(item_id, item)
        case DeleteItem(item_id=item_id):
            return {"item_id": item_id}, encoder.removal(item_id)
        case PutUser(user_id=user_id, user=user):
            return {"user_id": user_id}, encoder.user(user_id, user)

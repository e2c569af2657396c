"""Operations of a batch, and what became of each."""

from __future__ import annotations

from msgspec import Struct
from pydantic import BaseModel, Field

from recolake.records.schema import Event, Id, ItemStatement, UserStatement

MOST_OPERATIONS = 10_000


class SendEvent(Struct, frozen=True, forbid_unknown_fields=True, tag_field="operation", tag="send_event"):
    """As `POST /v1/events`."""

    event: Event


class PutItem(Struct, frozen=True, forbid_unknown_fields=True, tag_field="operation", tag="put_item"):
    """As `PUT /v1/items/{item_id}`."""

    item_id: Id
    item: ItemStatement


class DeleteItem(Struct, frozen=True, forbid_unknown_fields=True, tag_field="operation", tag="delete_item"):
    """As `DELETE /v1/items/{item_id}`."""

    item_id: Id


class PutUser(Struct, frozen=True, forbid_unknown_fields=True, tag_field="operation", tag="put_user"):
    """As `PUT /v1/users/{user_id}`."""

    user_id: Id
    user: UserStatement


Operation = SendEvent | PutItem | DeleteItem | PutUser
OPERATIONS: tuple[type[Struct], ...] = (SendEvent, PutItem, DeleteItem, PutUser)


class BatchResult(BaseModel):
    """What became of one operation."""

    status: int = Field(description="202: kept; 403: the key lacks the scope; 422: refused", examples=[202])
    event_id: str | None = None
    item_id: str | None = None
    user_id: str | None = None
    code: str | None = Field(default=None, description="Why it was refused: stable across releases")
    detail: str | None = Field(default=None, description="The same as a sentence")
    field: str | None = Field(default=None, description="The offending field")


class BatchResults(BaseModel):
    """What became of each operation, in the order in which they were sent."""

    accepted: int
    rejected: int
    results: list[BatchResult]

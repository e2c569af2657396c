"""What is answered about events; what is sent is `recolake.records.schema.Event`."""

from __future__ import annotations

from pydantic import BaseModel, Field

MOST_EVENTS = 1_000


class KeptEvent(BaseModel):
    """The event is on the disk, and will be in the lake within half a minute."""

    event_id: str = Field(description="Your own, or the hash of its content: the same event has the same id")


class EventResult(BaseModel):
    """What became of one entry of a list."""

    status: int = Field(description="202: kept; 422: refused", examples=[202])
    event_id: str | None = Field(default=None, description="Of an event that was kept")
    code: str | None = Field(default=None, description="Why it was refused: stable across releases")
    detail: str | None = Field(default=None, description="The same as a sentence")
    field: str | None = Field(default=None, description="The offending field")


class EventResults(BaseModel):
    """What became of each entry, in the order in which they were sent."""

    accepted: int
    rejected: int
    results: list[EventResult]

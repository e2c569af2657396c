"""Lines of the outbox. A segment holds one act (two lines; one, where its doer was killed) or one notice."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from recolake.audit.entry import Actor, Detail, Outcome
from recolake.journal.segments import whole_lines


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_line(self) -> bytes:
        """Line feed included; JSON escapes those within values."""
        return self.model_dump_json().encode() + b"\n"


class Begun(_Line):
    """An act is about to be done."""

    line: Literal["begun"] = "begun"
    act_id: str
    tenant_id: str
    at: datetime
    actor: Actor
    action: str
    target: str
    details: dict[str, Detail] = Field(default_factory=dict)


class Ended(_Line):
    """The act is over; its details add to those that were known before."""

    line: Literal["ended"] = "ended"
    act_id: str
    outcome: Outcome
    details: dict[str, Detail] = Field(default_factory=dict)


class Notice(_Line):
    """Something that a tenant may want to hear of. The same id again is the same notice."""

    line: Literal["notice"] = "notice"
    notice_id: str
    tenant_id: str
    at: datetime
    type: str
    data: dict[str, Any]


Line = Annotated[Begun | Ended | Notice, Field(discriminator="line")]
_LINE: TypeAdapter[Begun | Ended | Notice] = TypeAdapter(Line)


def read_segment(path: Path) -> tuple[list[Begun | Ended | Notice], int]:
    """Lines of a sealed segment, and the number of those that cannot be read."""
    found, unreadable = [], 0
    for text in whole_lines(path):
        try:
            found.append(_LINE.validate_json(text))
        except ValidationError:
            unreadable += 1
    return found, unreadable

"""Bodies about what people ask."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from recolake.records.schema import MOST_ID_CHARACTERS


class PersonNamed(BaseModel):
    """The person whom a request is about. In the body, not in the path: paths end up in logs."""

    model_config = ConfigDict(extra="forbid")

    user_id: str = Field(min_length=1, max_length=MOST_ID_CHARACTERS, description="Your own id of them")


class OptOutAsked(PersonNamed):
    """Whether the person is left out of training."""

    opted_out: bool = Field(default=True, description="false takes them in again")


class OptOutRead(BaseModel):
    """What holds from the next training on."""

    opted_out: bool
    changed: bool = Field(description="Whether it was otherwise before")


class RequestRead(BaseModel):
    """How far a request came. It names nobody."""

    request_id: str
    kind: Literal["erasure", "export"]
    state: Literal["queued", "running", "incomplete", "done"] = Field(
        description="incomplete: a file still names the person; it is tried again"
    )
    asked_at: datetime
    completed_at: datetime | None = None

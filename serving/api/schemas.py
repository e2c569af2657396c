"""The problem document, as the API's description shows it; `recolake.web.problems` writes it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from recolake.web.problems import MEDIA_TYPE


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(description="URN of the kind of problem", examples=["urn:recolake:error:invalid_input"])
    title: str
    status: int
    detail: str = Field(description="What happened, in a sentence")
    code: str = Field(description="Stable across releases", examples=["invalid_input"])
    request_id: str = Field(description="Under which the request is logged")
    field: str | None = Field(default=None, description="The offending field")
    hint: str | None = Field(default=None, description="What to do about it")
    position: int | None = Field(
        default=None, description="Of a condition: the offending character, counted from 1"
    )
    expected: list[str] | None = Field(default=None, description="Of a condition: what could stand there")
    attribute: str | None = Field(default=None, description="The attribute that nothing has")
    known: list[str] | None = Field(default=None, description="The attributes, or scenarios, that there are")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Description of the problems that a route answers with."""
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"model": Problem, "content": {MEDIA_TYPE: shape}} for status in statuses}

"""Problems in an application's own description (OpenAPI); `recolake.web.problems` writes the documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field

from recolake.web.problems import MEDIA_TYPE

_PLACE = "#/components/schemas/"
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")
Usual = Callable[[str, str, dict[str, Any]], Iterable[int]]
"""Method, path and description of an operation, to the statuses of problems that it may answer with."""


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


def problems(*statuses: int, media_type: str = MEDIA_TYPE) -> dict[int | str, dict[str, Any]]:
    """Description of the problems that a route answers with."""
    content = {media_type: {"schema": {"$ref": f"{_PLACE}{Problem.__name__}"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": dict(content)} for status in statuses
    }


def describe_problems(app: FastAPI, usual: Usual = lambda *_: ()) -> None:
    """Have the description tell of problem documents wherever it told of errors in FastAPI's own form.

    Args:
        usual: what an operation may answer with, beside what its route declares.
    """
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            description = plain()
            _tell(description, usual)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _tell(description: dict[str, Any], usual: Usual) -> None:
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    for name in _OF_FASTAPI:
        schemas.pop(name, None)
    schemas[Problem.__name__] = Problem.model_json_schema(ref_template=_PLACE + "{model}")
    for method, path, operation in _operations(description):
        told = operation["responses"]
        if f"{_PLACE}{_OF_FASTAPI[0]}" in str(told.get("422")):
            told["422"] = problems(422)[422]
        for status, one in problems(*usual(method, path, operation)).items():
            told.setdefault(str(status), one)
        operation["responses"] = dict(sorted(told.items()))


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation

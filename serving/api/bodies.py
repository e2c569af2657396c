"""Bodies that handlers read raw, in the API's description all the same: their schemas come from msgspec."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI

from recolake.records.schema import Event, ItemStatement, UserStatement
from serving.api.batch.schemas import OPERATIONS

_STRUCTS = (Event, ItemStatement, UserStatement, *OPERATIONS)
_PLACE = "#/components/schemas/"


def body(*structs: type[msgspec.Struct], list_of_at_most: int = 0, single: bool = True) -> dict[str, Any]:
    """`openapi_extra` of a route that takes one of the structs, or a list of them, or either."""
    one: list[dict[str, Any]] = [{"$ref": f"{_PLACE}{struct.__name__}"} for struct in structs]
    form = one[0] if len(one) == 1 else {"oneOf": one}
    if list_of_at_most:
        listed = {"type": "array", "minItems": 1, "maxItems": list_of_at_most, "items": form}
        form = {"oneOf": [form, listed]} if single else listed
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": form}}}}


def describe_bodies(app: FastAPI) -> None:
    """Add the structs' schemas to those of the application's description."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _, structs = msgspec.json.schema_components(_STRUCTS, ref_template=_PLACE + "{name}")
            description = plain()
            description["components"]["schemas"] |= structs
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]

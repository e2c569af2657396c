"""What an OpenAPI document describes, as far as a client needs it, apart from any language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_PLACE = "#/components/schemas/"
_METHODS = ("get", "post", "put", "patch", "delete")
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_KEY = "Idempotency-Key"
_UNKEYED = frozenset({"/v1/recommendations/users"})
"""Of POSTs under /v1/, those of which no answer is kept for a retry."""


@dataclass(frozen=True)
class Plain:
    """string, integer, number, boolean, null, decimal (a number, or a text that is one) or any."""

    name: str


@dataclass(frozen=True)
class Named:
    """A schema of the document."""

    name: str


@dataclass(frozen=True)
class ListOf:
    item: Form


@dataclass(frozen=True)
class MapOf:
    value: Form


@dataclass(frozen=True)
class OneOf:
    parts: tuple[Form, ...]


@dataclass(frozen=True)
class Constant:
    values: tuple[Any, ...]


Form = Plain | Named | ListOf | MapOf | OneOf | Constant


@dataclass(frozen=True)
class Member:
    """A member of an object, or a parameter of an operation."""

    name: str
    form: Form
    required: bool
    doc: str


@dataclass(frozen=True)
class Schema:
    """An object with members, or another name for a form."""

    name: str
    doc: str
    members: tuple[Member, ...] | None
    form: Form


@dataclass(frozen=True)
class Operation:
    """A call. `answer` is None where nothing comes back, and `raw` true where it is not JSON.

    `keyed`: an `Idempotency-Key` makes a second try safe.
    """

    name: str
    method: str
    path: str
    doc: str
    segments: tuple[Member, ...]
    query: tuple[Member, ...]
    body: Form | None
    body_required: bool
    is_form: bool
    answer: Form | None
    raw: bool
    keyed: bool


def form_of(schema: Mapping[str, Any]) -> Form:
    """The form of values that a JSON schema describes; a form that it does not know is `any`."""
    if "$ref" in schema:
        return Named(_named(schema["$ref"].removeprefix(_PLACE)))
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return one_of(form_of(part) for part in schema[word])
    if "const" in schema or "enum" in schema:
        return Constant(tuple(schema.get("enum", [schema.get("const")])))
    match schema.get("type"):
        case "array":
            return ListOf(form_of(schema.get("items", {})))
        case "object":
            more = schema.get("additionalProperties")
            return MapOf(form_of(more) if isinstance(more, dict) else Plain("any"))
        case "string" if schema.get("format") == "decimal":
            return Plain("decimal")
        case "string" | "integer" | "number" | "boolean" | "null" as name:
            return Plain(name)
        case _:
            return Plain("any")


def one_of(parts: Iterator[Form]) -> Form:
    """Either of these; each once, those within those unpacked."""
    flat = dict.fromkeys(
        inner for part in parts for inner in (part.parts if isinstance(part, OneOf) else (part,))
    )
    return next(iter(flat)) if len(flat) == 1 else OneOf(tuple(flat))


def schemas(document: Mapping[str, Any]) -> list[Schema]:
    """All schemas of a document, by name."""
    return [_schema(name, found) for name, found in sorted(document["components"]["schemas"].items())]


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """The operations that a generated call can do: no files in pieces or in forms, no pages for people."""
    found = [
        _operation(method, path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if method in _METHODS and _is_plain(described)
    ]
    return sorted(found, key=lambda operation: operation.name)


def _named(name: str) -> str:
    return name.replace("-", "")


def _schema(name: str, found: Mapping[str, Any]) -> Schema:
    doc = found.get("description", "")
    if "properties" not in found:
        return Schema(_named(name), doc, None, form_of(found))
    required = found.get("required", ())
    members = tuple(
        Member(member, form_of(its), member in required, its.get("description", ""))
        for member, its in found["properties"].items()
    )
    return Schema(_named(name), doc, members, Plain("any"))


def _is_plain(described: Mapping[str, Any]) -> bool:
    headers = {p["name"] for p in described.get("parameters", ()) if p["in"] == "header"} - {_KEY}
    bodies = set(described.get("requestBody", {}).get("content", {}))
    answers = {kind for content in _contents(described) for kind in content}
    return not headers and bodies <= {_JSON, _FORM} and "text/html" not in answers


def _contents(described: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of the answers that say that it went well: schemas by media type."""
    responses = described["responses"].items()
    return [answer.get("content", {}) for status, answer in responses if status.startswith("2")]


def _operation(method: str, path: str, described: Mapping[str, Any]) -> Operation:
    parameters = described.get("parameters", ())
    body = described.get("requestBody", {})
    content = body.get("content", {})
    is_form = _FORM in content
    answers = [found[_JSON]["schema"] for found in _contents(described) if _JSON in found]
    nothing = set(described["responses"]) & {"204"} or answers == [{}]
    return Operation(
        name=described["operationId"],
        method=method.upper(),
        path=path,
        doc=described.get("description", described.get("summary", "")),
        segments=_parameters(parameters, "path"),
        query=_parameters(parameters, "query"),
        body=form_of(content[_FORM if is_form else _JSON]["schema"]) if content else None,
        body_required=bool(body.get("required")),
        is_form=is_form,
        answer=None if nothing or not answers else one_of(form_of(answer) for answer in answers),
        raw=not nothing and not answers,
        keyed=_is_keyed(method, path, parameters),
    )


def _is_keyed(method: str, path: str, parameters: Any) -> bool:
    """What is sent to be kept says so; for other POSTs a middleware does it (docs/reference/limits.md)."""
    if any(p["name"] == _KEY for p in parameters):
        return True
    return method == "post" and path.startswith("/v1/") and path not in _UNKEYED


def _parameters(parameters: Any, place: str) -> tuple[Member, ...]:
    return tuple(
        Member(p["name"], form_of(p["schema"]), bool(p.get("required")), p.get("description", ""))
        for p in parameters
        if p["in"] == place
    )

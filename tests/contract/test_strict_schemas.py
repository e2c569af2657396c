"""Control 13: what is sent and what is answered is described to the last field, and nothing else is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from control_plane.app import create_app as control_plane
from recolake.settings import Settings
from serving.app import create_app as data_plane

Schema = dict[str, Any]

# RFC 6749, sections 3.1 and 3.2: unrecognised parameters of these MUST be ignored.
FORMS = {"LoginForm", "FurtherAnswer", "TokenForm", "RevocationForm"}
# Whose members a tenant chose, or RFC 7517 leaves open, or the schema of GraphQL describes.
MAPS = {
    "ScenarioRead.defaults",
    "DeliveryDetails.data",
    "KeySet.keys[]",
    "GraphQLAnswer.data",
    "GraphQLAnswer.extensions",
    "GraphQLError.extensions",
}
# Answers without a body.
EMPTY = {("post", "/v1/files"), ("head", "/v1/files/{file_id}"), ("post", "/oauth/revoke")}


@pytest.fixture(scope="module", params=[data_plane, control_plane], ids=["data plane", "control plane"])
def described(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """OpenAPI document of either application."""
    made: Schema = request.param(Settings(home=tmp_path_factory.mktemp("home"))).openapi()
    return made


def operations(described: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def within(schema: Schema, known: Schema, place: str, seen: frozenset[str]) -> Iterator[tuple[str, Schema]]:
    """A schema and all that it is made of, each with where it stands."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from within(known[name], known, name, seen | {name})
        return
    yield place, schema
    for word in ("oneOf", "anyOf", "allOf"):
        for part in schema.get(word, []):
            yield from within(part, known, place, seen)
    for word, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(word), dict):
            yield from within(schema[word], known, place + mark, seen)
    for name, part in schema.get("properties", {}).items():
        yield from within(part, known, f"{place}.{name}", seen)


def says_nothing(schema: Schema) -> bool:
    return not schema.keys() - {"title", "description", "default"}


def is_open(schema: Schema) -> bool:
    """An object of whatever members."""
    bare = schema.get("type") == "object" and "properties" not in schema
    return bare and not isinstance(schema.get("additionalProperties"), dict)


@pytest.mark.control(13)
def test_every_body_that_is_taken_refuses_unknown_fields(described: Schema) -> None:
    known, bodies = described["components"]["schemas"], 0
    for method, path, operation in operations(described):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            bodies += 1
            for place, schema in within(content["schema"], known, "body", frozenset()):
                assert not says_nothing(schema), (method, path, place)
                if "properties" in schema and place not in FORMS:
                    assert schema.get("additionalProperties") is False, (method, path, place)
    assert bodies


@pytest.mark.control(13)
def test_every_answer_is_described_to_the_last_field(described: Schema) -> None:
    known = described["components"]["schemas"]
    for method, path, operation in operations(described):
        if (method, path) in EMPTY:
            continue
        for status, answer in operation["responses"].items():
            content = answer.get("content", {}).get("application/json", {}) if status[0] == "2" else {}
            for place, schema in within(
                content.get("schema", {"type": "null"}), known, "answer", frozenset()
            ):
                assert place in MAPS or not (says_nothing(schema) or is_open(schema)), (method, path, place)

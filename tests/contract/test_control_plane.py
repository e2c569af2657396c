"""What the control plane says of itself is what clients are generated from: complete, and true."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from control_plane.app import create_app
from recolake.settings import Settings

# Whoever comes has nothing to show yet, or is a supervisor.
OPEN = {
    "sign_up",
    "accept_invitation",
    "authorize",
    "log_in",
    "begin_external_login",
    "return_from_provider",
    "answer_after_provider",
    "issue_tokens",
    "revoke_token",
    "describe_provider",
    "read_key_set",
    "health",
    "ready",
}
PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
# What OAuth's own libraries read, and what people look at.
PAGES = {
    "log_in": ("401", "403", "429"),
    "begin_external_login": ("429", "502"),
    "return_from_provider": ("400", "401", "403", "502"),
    "answer_after_provider": ("401", "403", "409", "410", "429"),
}
TOLD_OTHERWISE = {("issue_tokens", "400"): ["application/json"]} | {
    (name, status): ["text/html"] for name, statuses in PAGES.items() for status in statuses
}
TOLD_OTHERWISE["answer_after_provider", "422"] = ["text/html", "application/problem+json"]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return create_app(Settings(home=tmp_path_factory.mktemp("home"))).openapi()


@pytest.fixture(scope="module")
def operations(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By their ids."""
    found = [operation for methods in told["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in found}) == len(found)
    return {operation["operationId"]: operation for operation in found}


def test_every_operation_but_those_open_to_all_asks_for_a_key_or_token(operations: dict[str, Any]) -> None:
    assert {name for name, operation in operations.items() if not operation.get("security")} == OPEN


def test_every_refusal_is_described_as_a_problem_document(operations: dict[str, Any]) -> None:
    for name, operation in operations.items():
        for status, response in operation["responses"].items():
            if not status.startswith(("4", "5")):
                continue
            media_types = TOLD_OTHERWISE.get((name, status), ["application/problem+json"])
            assert list(response["content"]) == media_types, (name, status)
            for media_type in {*media_types} - {"text/html"}:
                assert response["content"][media_type] == PROBLEM, (name, status)


def test_what_comes_of_what_an_operation_is_is_described(told: dict[str, Any]) -> None:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            described = operation["responses"].keys()
            if operation.get("security"):
                assert {"401", "403", "503"} <= described, (method, path)
            if operation.get("requestBody"):
                assert "422" in described, (method, path)
            if path.startswith("/v1/") and "{" in path:
                assert "404" in described, (method, path)


def test_nothing_is_referred_to_that_is_not_there_and_fastapi_s_own_errors_are_not(
    told: dict[str, Any],
) -> None:
    schemas = told["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(told))) <= schemas.keys()
    assert not {"HTTPValidationError", "ValidationError"} & schemas.keys()


def test_bodies_of_requests_allow_no_unknown_fields(told: dict[str, Any], operations: dict[str, Any]) -> None:
    for name, operation in operations.items():
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        (reference,) = re.findall(r"#/components/schemas/(\w+)", json.dumps(content)) or (None,)
        assert reference is not None, name
        assert told["components"]["schemas"][reference]["additionalProperties"] is False, name

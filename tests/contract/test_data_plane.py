"""What clients are generated from must not change by accident."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

OPERATIONS = {
    ("post", "/v1/recommendations"): "recommend",
    ("post", "/v1/recommendations/batch"): "recommend_batch",
    ("post", "/v1/recommendations/similar-items"): "recommend_similar_items",
    ("post", "/v1/recommendations/bought-together"): "recommend_bought_together",
    ("post", "/v1/recommendations/session"): "recommend_for_session",
    ("post", "/v1/recommendations/popular"): "recommend_popular",
    ("post", "/v1/recommendations/trending"): "recommend_trending",
    ("post", "/v1/recommendations/recently-viewed"): "recommend_recently_viewed",
    ("post", "/v1/recommendations/rerank"): "rerank",
    ("post", "/v1/recommendations/users"): "recommend_users",
    ("post", "/v1/recommendations/{recommendation_id}/replay"): "replay",
    ("get", "/v1/recommendations/{recommendation_id}/receipt"): "receipt",
    ("post", "/v1/events"): "send_events",
    ("put", "/v1/items/{item_id}"): "put_item",
    ("delete", "/v1/items/{item_id}"): "delete_item",
    ("put", "/v1/users/{user_id}"): "put_user",
    ("post", "/v1/batch"): "batch",
    ("get", "/health"): "health",
    ("get", "/ready"): "ready",
    ("get", "/metrics"): "metrics",
}
OPEN = {"health", "ready", "metrics"}


def operations(description: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


@pytest.mark.control(1)
def test_operations_and_their_ids_are_those_that_clients_know(description: dict[str, Any]) -> None:
    found = {key: operation["operationId"] for key, operation in operations(description).items()}
    assert found == OPERATIONS


@pytest.mark.control(1)
def test_every_operation_but_the_operator_s_asks_for_a_key(description: dict[str, Any]) -> None:
    unprotected = {o["operationId"] for o in operations(description).values() if not o.get("security")}
    assert unprotected == OPEN


def test_refusals_are_described_as_problem_documents(description: dict[str, Any]) -> None:
    for operation in operations(description).values():
        if operation["operationId"] in OPEN:
            continue
        refusals = {s: r for s, r in operation["responses"].items() if s.startswith(("4", "5"))}
        assert {"401", "403"} <= refusals.keys()
        for status, response in refusals.items():
            assert "application/problem+json" in response["content"], (operation["operationId"], status)


def test_requests_allow_no_unknown_fields_and_bound_k(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    of_kinds = [each for path, each in OPERATIONS.items() if path[1].startswith("/v1/recommendations")]
    requests = [name for name in schemas if name.endswith("Request")]
    assert len(requests) == len(of_kinds) - len({"receipt", "replay"})
    for request in (schemas[name] for name in requests):
        assert request["additionalProperties"] is False
        assert (request["properties"]["k"]["minimum"], request["properties"]["k"]["maximum"]) == (1, 1000)


# What an answer holds only where it was asked for.
ON_REQUEST = {
    "RecommendationAnswer": {"explained", "scenario", "scenario_version", "unknown_items"},
    "PersonAnswer": {"explained", "scenario", "scenario_version", "unknown_items"},
    "RecommendedItem": {"attributes", "content", "rules", "propensity"},
    "ReplayedItem": {"attributes", "rules", "propensity"},
}


def test_every_field_of_an_answer_is_promised(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    answers = ("RecommendationAnswer", "PersonAnswer", "RecommendedItem", "Explanation", "OwnItem")
    for name in (
        *answers,
        "Replay",
        "ReplayedItem",
        "BatchAnswer",
        "UsersAnswer",
        "Receipt",
        "ReceiptModel",
        "ReceiptIndex",
    ):
        promised = schemas[name]["properties"].keys() - ON_REQUEST.get(name, set())
        assert set(schemas[name]["required"]) == promised, name


def test_bodies_that_are_read_raw_are_described_with_all_they_refer_to(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert schemas["Event"]["additionalProperties"] is False
    assert {"type", "item_id", "time"} == set(schemas["Event"]["required"])
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(description)))
    assert named <= schemas.keys()
    for path in ("/v1/events", "/v1/batch"):
        assert "requestBody" in operations(description)["post", path]


def test_what_a_rule_may_be_is_described(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert {"RecommendationRequest", "BoostSpec", "PromotionSpec", "DiversitySpec"} <= schemas.keys()
    for name in ("RecommendationRequest", "BoostSpec", "PromotionSpec", "DiversitySpec"):
        assert schemas[name]["additionalProperties"] is False
    told = schemas["RecommendationRequest"]["properties"]
    assert {"filter", "exclude", "boosts", "promotions", "diversity", "context", "fields"} <= told.keys()

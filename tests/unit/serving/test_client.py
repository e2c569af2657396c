"""What `recolake recommend` sends is what was asked for, and nothing that was not."""

from __future__ import annotations

from typing import Any

import pytest

from recolake.errors import InvalidInputError
from recolake.kinds.kinds import Kind
from serving.api.recommendations.requests import (
    Asked,
    BoughtTogetherRequest,
    RecentlyViewedRequest,
    RecommendationRequest,
    RerankRequest,
    SessionRequest,
    SimilarItemsRequest,
    TrendingRequest,
)
from serving.client import body_of

SILENT: dict[str, Any] = {
    "include_seen": False,
    "explain": False,
    "condition": "",
    "exclude": [],
    "scenario": "",
}
REQUESTS: dict[Kind, tuple[type[Asked], str, list[str]]] = {
    Kind.FOR_USER: (RecommendationRequest, "ada", []),
    Kind.SIMILAR_ITEMS: (SimilarItemsRequest, "", ["i1"]),
    Kind.BOUGHT_TOGETHER: (BoughtTogetherRequest, "", ["i1", "i2"]),
    Kind.SESSION: (SessionRequest, "", ["i1", "i2"]),
    Kind.TRENDING: (TrendingRequest, "", []),
    Kind.RECENTLY_VIEWED: (RecentlyViewedRequest, "ada", []),
    Kind.RERANK: (RerankRequest, "ada", ["i1", "i2"]),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_each_kind_is_asked_as_its_route_takes_it(kind: Kind) -> None:
    request, user, items = REQUESTS[kind]
    assert request.kind is kind
    told = request.model_validate(body_of(kind, user, items, 3, **SILENT | {"scenario": "home"}))
    assert told.model_fields_set >= {"k", "scenario"}
    # What was not said is left to the scenario.
    assert "k" not in body_of(kind, user, items, None, **SILENT)


def test_what_cannot_be_asked_so_is_said_at_once() -> None:
    with pytest.raises(InvalidInputError, match="which item"):
        body_of(Kind.SIMILAR_ITEMS, "", [], 3, **SILENT)
    with pytest.raises(InvalidInputError, match="lists items"):
        body_of(Kind.USERS, "", ["i1"], 3, **SILENT)

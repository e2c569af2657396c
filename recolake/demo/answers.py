"""The demo as a customer of its own API: it waits for a model version to serve, and shows what it answers."""

from __future__ import annotations

import time
from typing import Any

from recolake.api_client import RecommendationClient
from recolake.demo.report import RecommendedItem
from recolake.errors import RecolakeError, ServiceUnavailableError

_ASK_EVERY_SECONDS = 0.25


def items_of(answer: dict[str, Any]) -> list[RecommendedItem]:
    """The items of an answer, as far as the report tells of them."""
    known = RecommendedItem.model_fields
    return [
        RecommendedItem.model_validate({name: item.get(name) for name in known}) for item in answer["items"]
    ]


def wait_until_served(
    client: RecommendationClient, user_id: str, model_version: str, *, seconds: float = 60.0
) -> None:
    """Return with the first answer that a model version gives.

    Raises:
        ServiceUnavailableError: it is not served within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            if client.recommend(user_id).get("model_version") == model_version:
                return
        except RecolakeError:
            if time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            raise ServiceUnavailableError(
                f"Model {model_version} is published, but not served after {seconds:.0f} s.",
                hint="See `recolake logs api`.",
            )
        time.sleep(_ASK_EVERY_SECONDS)

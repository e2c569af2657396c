"""What `recolake recommend` needs to ask the API as a customer does."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from recolake.api_client import RecommendationClient
from recolake.errors import InvalidInputError, UnauthenticatedError
from recolake.kinds.kinds import Kind
from recolake.settings import Settings
from recolake.tenancy.directory import require_tenant
from recolake.tenancy.local_key import read_local_key


def api_key(settings: Settings, tenant: str) -> str:
    """The key of RECOLAKE_API_KEY, or the one that this machine keeps for the tenant.

    Raises:
        UnknownTenantError: nobody created the tenant.
        UnauthenticatedError: there is neither.
    """
    found = os.environ.get("RECOLAKE_API_KEY") or read_local_key(settings, require_tenant(settings, tenant))
    if not found:
        raise UnauthenticatedError(
            f"This machine keeps no API key for '{tenant}'.", hint="Set RECOLAKE_API_KEY to one of its keys."
        )
    return found


def ask(settings: Settings, key: str, kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a kind's route; raises what `RecommendationClient.ask` does."""
    with RecommendationClient(settings, key) as client:
        return client.ask(kind, body)


def body_of(
    kind: Kind,
    user: str,
    items: Sequence[str],
    k: int | None,
    *,
    include_seen: bool,
    explain: bool,
    condition: str,
    exclude: Sequence[str],
    scenario: str,
) -> dict[str, Any]:
    """The request that the options of `recolake recommend` ask for.

    Raises:
        InvalidInputError: the kind asks for an item, and none or several were given; or it lists people.
    """
    if kind is Kind.USERS:
        raise InvalidInputError("This lists items.", hint="Ask POST /v1/recommendations/users.", field="kind")
    said: dict[str, Any] = {
        "user_id": user,
        "include_seen": include_seen,
        "explain": explain,
        "filter": condition,
        "exclude": list(exclude),
        "scenario": scenario,
        "item_ids": list(items),
    }
    body = {name: value for name, value in said.items() if value} | ({} if k is None else {"k": k})
    if kind is Kind.SIMILAR_ITEMS:
        if len(items) != 1:
            raise InvalidInputError("Similar to which item?", hint="Give --item once.", field="item")
        body["item_id"] = body.pop("item_ids")[0]
    return body

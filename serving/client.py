"""What `recolake recommend` needs to ask the API as a customer does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from recolake.api_client import RecommendationClient
from recolake.errors import UnauthenticatedError
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


def ask(
    settings: Settings,
    key: str,
    user_id: str | None,
    k: int,
    *,
    include_seen: bool,
    explain: bool = False,
    rules: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """The answer of `POST /v1/recommendations`; raises what `RecommendationClient.recommend` does."""
    with RecommendationClient(settings, key) as client:
        return client.recommend(user_id, k=k, include_seen=include_seen, explain=explain, rules=rules)

"""The API as a customer calls it, for the command line."""

from __future__ import annotations

import os
from typing import Any

import httpx

from recolake.endpoints import resolve
from recolake.errors import RecolakeError, ServiceUnavailableError, UnauthenticatedError
from recolake.settings import Settings
from recolake.tenancy.demo_key import read_demo_key
from recolake.tenancy.directory import require_tenant

_SECONDS = 10.0


def api_key(settings: Settings, tenant: str) -> str:
    """The key of RECOLAKE_API_KEY, or the one that this machine keeps for the tenant.

    Raises:
        UnknownTenantError: nobody created the tenant.
        UnauthenticatedError: there is neither.
    """
    found = os.environ.get("RECOLAKE_API_KEY") or read_demo_key(settings, require_tenant(settings, tenant))
    if not found:
        raise UnauthenticatedError(
            f"This machine keeps no API key for '{tenant}'.", hint="Set RECOLAKE_API_KEY to one of its keys."
        )
    return found


def ask(settings: Settings, key: str, user_id: str | None, k: int, *, include_seen: bool) -> dict[str, Any]:
    """The answer of `POST /v1/recommendations`.

    Raises:
        RecolakeError: the API refused, with its own words.
        ServiceUnavailableError: it does not answer.
    """
    body = {"user_id": user_id, "k": k, "include_seen": include_seen}
    try:
        response = httpx.post(
            f"{resolve(settings, 'api')}/v1/recommendations",
            json=body,
            headers={"Authorization": f"Bearer {key}"},
            timeout=_SECONDS,
        )
    except httpx.HTTPError as error:
        raise ServiceUnavailableError(
            "The recommendation API does not answer.", hint="See `recolake status` and `recolake logs api`."
        ) from error
    answer: dict[str, Any] = response.json()
    if response.is_error:
        refused = RecolakeError(answer["detail"], hint=answer.get("hint", ""))
        refused.code = answer["code"]
        raise refused
    return answer

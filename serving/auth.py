"""Who asks: an annotated dependency per permission, which a handler takes as the type of a parameter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from recolake.errors import UnauthenticatedError
from recolake.tenancy.api_keys import KeyRecord, Scope
from serving.state import CurrentState

_bearer = HTTPBearer(auto_error=False, description="An API key: `rk_live_…`")


def _requires(scope: Scope) -> Callable[..., Awaitable[KeyRecord]]:
    async def authenticate(
        state: CurrentState, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> KeyRecord:
        if credentials is None:
            raise UnauthenticatedError(
                "This request carries no API key.", hint="Send the header `Authorization: Bearer rk_live_…`."
            )
        return state.keys.authenticate(credentials.credentials, scope)

    return authenticate


RecommendationReader = Annotated[KeyRecord, Depends(_requires(Scope.RECOMMENDATIONS_READ))]

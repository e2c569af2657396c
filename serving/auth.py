"""Who asks: an annotated dependency per permission, which a handler takes as the type of a parameter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from recolake.tenancy.api_keys import KeyRecord, Scope
from recolake.web.bearer import BearerSecret
from serving.state import CurrentState


def _requires(scope: Scope | None) -> Callable[..., Awaitable[KeyRecord]]:
    async def authenticate(state: CurrentState, secret: BearerSecret) -> KeyRecord:
        return state.keys.authenticate(secret, scope)

    return authenticate


RecommendationReader = Annotated[KeyRecord, Depends(_requires(Scope.RECOMMENDATIONS_READ))]
EventWriter = Annotated[KeyRecord, Depends(_requires(Scope.EVENTS_WRITE))]
ItemWriter = Annotated[KeyRecord, Depends(_requires(Scope.ITEMS_WRITE))]
UserWriter = Annotated[KeyRecord, Depends(_requires(Scope.USERS_WRITE))]
Writer = Annotated[KeyRecord, Depends(_requires(None))]
"""Any valid key: each operation asks for the scope it needs."""

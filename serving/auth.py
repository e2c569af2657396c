"""Who asks: an annotated dependency per permission, which a handler takes as the type of a parameter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from recolake.limits.plans import Quota
from recolake.tenancy.api_keys import KeyRecord, Scope
from recolake.web.bearer import BearerSecret
from recolake.web.declared import declarations
from serving.limits.gate import admit
from serving.limits.units import units_of
from serving.state import CurrentState

ANY_KEY = "any valid key"
_ASKED: dict[object, str] = {}
"""What each of these dependencies asks for."""


Units = tuple[int, Mapping[Quota, int]]
"""What a request counts of its key's rate, and of quotas."""


async def _once(request: Request) -> Units:
    # A list that is told again is not made again.
    made = request.method == "POST" and not request.url.path.endswith("/replay")
    return 1, {Quota.REQUESTS: 1} if made else {}


async def _listed(request: Request) -> Units:
    return units_of(request.url.path, await request.body())


def _requires(
    scope: Scope | None, units: Callable[[Request], Awaitable[Units]] | None = None
) -> Callable[..., Awaitable[KeyRecord]]:
    """A valid key with the scope.

    Args:
        units: what is counted here. What is sent is counted where it is read, as a list of n counts n.
    """

    async def authenticate(request: Request, state: CurrentState, secret: BearerSecret) -> KeyRecord:
        caller = state.keys.authenticate(secret, scope)
        if units is not None and state.limiter.limits(caller.tenant):
            await admit(request, state.limiter, caller, *await units(request))
        return caller

    _ASKED[authenticate] = scope or ANY_KEY
    return authenticate


async def _public() -> None:
    """Nothing is asked of anybody."""


PUBLIC = Depends(_public)
RecommendationReader = Annotated[KeyRecord, Depends(_requires(Scope.RECOMMENDATIONS_READ, _once))]
BatchReader = Annotated[KeyRecord, Depends(_requires(Scope.RECOMMENDATIONS_READ, _listed))]
"""The same, of as many lists as are asked for at once."""
EventWriter = Annotated[KeyRecord, Depends(_requires(Scope.EVENTS_WRITE))]
ItemWriter = Annotated[KeyRecord, Depends(_requires(Scope.ITEMS_WRITE))]
UserWriter = Annotated[KeyRecord, Depends(_requires(Scope.USERS_WRITE))]
Writer = Annotated[KeyRecord, Depends(_requires(None))]
"""Any valid key: each operation asks for the scope it needs."""


def declared_scopes(app: FastAPI) -> dict[tuple[str, str], str | None]:
    """The scope of each route, by method and path, or `ANY_KEY`; None for those that ask nothing of anybody.

    Raises:
        UndeclaredRouteError: a route declares none, or more than one.
    """
    return declarations(app, _ASKED.get, _public, "scope")

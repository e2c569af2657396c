"""What resolvers know of a request, and how they ask what the REST routes ask.

A resolver calls the very handler of the REST route: who may ask, what an argument may be and what is answered
stands there alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar, get_type_hints

import strawberry
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter, ValidationError
from strawberry.dataloader import DataLoader

from control_plane.api_keys.endpoints import list_keys
from control_plane.api_keys.schemas import ApiKeyRead
from control_plane.auth import permission_of
from control_plane.organisations.endpoints import list_members
from control_plane.organisations.schemas import MemberRead
from control_plane.permissions import Permission
from control_plane.principal import Principal
from control_plane.scenarios.endpoints import list_scenarios
from control_plane.scenarios.schemas import ScenarioRead
from recolake.api_client import RecommendationClient
from recolake.errors import ForbiddenError, InvalidInputError
from recolake.settings import Settings

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Context:
    """One request: who asks, and what was looked up for it already."""

    def __init__(
        self, settings: Settings, principal: Principal, secret: str, operation_name: str | None
    ) -> None:
        self.settings = settings
        self.operation_name = operation_name
        self.principal = principal
        self._secret = secret
        self._client: RecommendationClient | None = None
        self.keys: DataLoader[str, ApiKeyRead | None] = self._loader(
            list_keys, lambda found: ((key.key_id, key) for key in found)
        )
        self.members: DataLoader[str, MemberRead | None] = self._loader(
            list_members, lambda found: ((member.person_id, member) for member in found)
        )
        self.scenarios: DataLoader[str, ScenarioRead | None] = self._loader(
            list_scenarios, lambda found: ((each.name, each) for each in found.scenarios)
        )

    async def ask(self, handler: Callable[..., T], **given: Any) -> T:
        """What a REST route's handler answers, from a thread, as FastAPI would call it.

        Args:
            given: its parameters from path and query, which are looked at as there.

        Raises:
            ForbiddenError: the caller lacks the permission that the handler declares.
            InvalidInputError: a parameter is not what the handler takes.
            RecolakeError: as the handler refuses.
        """
        name, permission = permission_of(handler)
        self.principal.require(permission)
        checked = {key: _checked(handler, key, value) for key, value in given.items()}
        return await run_in_threadpool(
            handler, **checked, **{name: self.principal, "settings": self.settings}
        )

    async def recommender(self, ask: Callable[[RecommendationClient], T]) -> T:
        """What the recommendation API answers to the caller's own key: its rights, limits, quotas hold.

        Raises:
            ForbiddenError: the caller lacks the right; or is a person, and that API knows API keys alone.
            RecolakeError: as that API refused.
            ServiceUnavailableError: it does not answer.
        """
        self.principal.require(Permission.RECOMMENDATIONS_READ)
        if self.principal.key_id is None:
            raise ForbiddenError(
                "The recommendation API takes API keys alone.",
                hint=f"Send a key with the scope '{Permission.RECOMMENDATIONS_READ}', not an access token.",
            )
        if self._client is None:
            self._client = RecommendationClient(self.settings, self._secret)
        return await run_in_threadpool(ask, self._client)

    def close(self) -> None:
        """Give the connections to the recommendation API back."""
        if self._client is not None:
            self._client.close()

    def _loader(
        self, handler: Callable[..., T], entries: Callable[[T], Iterable[tuple[str, Any]]]
    ) -> DataLoader[str, Any]:
        """By name what a list holds: one look at the list for all that a query asks of it."""

        async def load(names: Sequence[str]) -> list[Any]:
            found = dict(entries(await self.ask(handler)))
            return [found.get(name) for name in names]

        return DataLoader(load_fn=load)


Info: TypeAlias = strawberry.Info[Context, None]


def read(kind: Any, description: str) -> Callable[[F], F]:
    """Makes a method the resolver of a field of this GraphQL type, whatever it gives in Python."""
    made: Callable[[F], F] = strawberry.field(graphql_type=kind, description=description)
    return made


@cache
def _kinds(handler: Callable[..., Any]) -> dict[str, TypeAdapter[Any]]:
    hints = get_type_hints(handler, include_extras=True)
    principal, _ = permission_of(handler)
    return {
        name: TypeAdapter(kind)
        for name, kind in hints.items()
        if name not in (principal, "settings", "return")
    }


def _checked(handler: Callable[..., Any], name: str, value: Any) -> Any:
    try:
        return _kinds(handler)[name].validate_python(value)
    except ValidationError as error:
        raise InvalidInputError(f"{name}: {error.errors()[0]['msg']}", field=name) from error

"""The API key of a request, as a parameter's type: `secret: BearerSecret`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from recolake.errors import UnauthenticatedError

_scheme = HTTPBearer(
    auto_error=False,
    description="An API key, `rk_live_…`; from people their access token",
)


async def _secret(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]) -> str:
    """The secret in the header `Authorization: Bearer …`.

    Raises:
        UnauthenticatedError: there is no such header.
    """
    if credentials is None:
        raise UnauthenticatedError(
            "This request carries no API key.", hint="Send the header `Authorization: Bearer rk_live_…`."
        )
    return credentials.credentials


BearerSecret = Annotated[str, Depends(_secret)]

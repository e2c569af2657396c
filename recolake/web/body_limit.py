"""A limit on every request's body, by what arrives and not by what a header claims."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recolake.web.problems import problem


class BodyTooLargeError(HTTPException):
    """More came than is taken here. What FastAPI raises itself, since it hides other errors of reading."""


class BodyLimitMiddleware:
    """Refuse bodies beyond a limit, however they are sent and whoever reads them.

    Args:
        most: bytes that a path takes; None where its route keeps a limit of its own.
    """

    def __init__(self, app: ASGIApp, most: Callable[[str], int | None]) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._most(scope["path"]) if scope["type"] == "http" else None
        if most is None:
            await self._app(scope, receive, send)
            return
        received, answered = 0, False

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise BodyTooLargeError(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request here has at most {most:,} bytes."
                )
            return message

        async def noting(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, limited, noting)
        except BodyTooLargeError as error:
            # Whoever read it stands outside of the routes, where errors become no answers by themselves.
            if answered:
                raise
            answer = problem(
                Request(scope), status=error.status_code, code="too_large", detail=str(error.detail)
            )
            await answer(scope, receive, send)

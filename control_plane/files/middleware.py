"""Headers that tus wants on every answer, also on those about errors."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

VERSION = "1.0.0"
_HEADERS = [(b"tus-resumable", VERSION.encode()), (b"tus-version", VERSION.encode())]


class TusMiddleware:
    """Says which tus is spoken under a path."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._path):
            await self._app(scope, receive, send)
            return

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        await self._app(scope, receive, send_with_version)

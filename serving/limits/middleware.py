"""Around every request: the answer's headers say what remains; no answer, no use of a quota."""

from __future__ import annotations

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.limits.admission import Admission
from serving.limits.limiter import Limiter


class LimitsMiddleware:
    """Adds `RateLimit` and `RateLimit-Policy`, and gives a quota back where the request failed."""

    def __init__(self, app: ASGIApp, limiter: Limiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        def admissions() -> list[Admission]:
            found: list[Admission] = scope.get("state", {}).get("admissions", [])
            return found

        async def telling(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # The last quota's is the one that refused, if any did.
                for admission in admissions()[-1:]:
                    message["headers"] = [*message.get("headers", []), *admission.headers()]
            await send(message)

        try:
            await self._app(scope, receive, telling)
        finally:
            if status >= HTTPStatus.BAD_REQUEST:
                for admission in admissions():
                    await self._limiter.give_back(admission)

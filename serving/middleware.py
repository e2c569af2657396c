"""Around every request: how large its body may be, one log line, one measurement."""

from __future__ import annotations

import time
from http import HTTPStatus

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recolake.usage.tally import Tally, current_tally
from serving.limits.units import BATCH
from serving.metrics import Metrics

MOST_BODY_BYTES = 64 << 10
MOST_BYTES_OF = {"/v1/events": 4 << 20, "/v1/batch": 16 << 20, BATCH: 2 << 20}
"""Where lists are sent, a body may be larger."""
_QUIET = frozenset({"/health", "/ready", "/metrics"})

_log = structlog.get_logger("serving.access")


def most_bytes(path: str) -> int:
    """Bytes that a request to a path may have."""
    return MOST_BYTES_OF.get(path, MOST_BODY_BYTES)


class AccessMiddleware:
    """Log and measure each request under its route, not its path: paths hold what callers write."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        began = time.perf_counter()
        tally = Tally()
        current_tally.set(tally)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "unknown")
            method = scope["method"] if route != "unknown" else "unknown"
            self._metrics.requests.labels(method, route, status).observe(seconds)
            if route not in _QUIET:
                _log.info(
                    "request",
                    method=method,
                    route=route,
                    status=status,
                    milliseconds=round(seconds * 1_000, 2),
                    request_id=scope.get("state", {}).get("request_id"),
                    **({"usage": tally.lines} if tally.lines else {}),
                )

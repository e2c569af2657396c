"""Errors over HTTP: every one a problem document (RFC 9457) with a stable code and the request's id.

`install(app)` covers our own errors, validation errors, unknown routes and methods, and what nobody foresaw;
the last shows neither a message nor a stack, only the request id under which both are in the log.
"""

from __future__ import annotations

import errno
import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recolake.errors import RecolakeError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
REQUEST_ID_HEADER = "X-Request-ID"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
CODES = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_log = structlog.get_logger(__name__)


class RequestIdMiddleware:
    """Give each request an id: the caller's own if it is harmless text, else a new one; answer with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = REQUEST_ID_HEADER.lower().encode()
        given = next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (name, request_id.encode())]
            await send(message)

        await self._app(scope, receive, send_with_id)


def request_id_of(request: Request) -> str:
    """The id under which this request is logged and answered."""
    return str(request.state.request_id)


def whole_seconds(wait: float) -> str:
    """A time to wait as Retry-After tells it: never too short."""
    return str(max(math.ceil(wait), 1))


def problem(
    request: Request,
    *,
    status: int,
    code: str,
    detail: str,
    field: str | None = None,
    hint: str = "",
    members: Mapping[str, Any] = MappingProxyType({}),
    retry_after: float | None = None,
) -> JSONResponse:
    """A problem document; 503 carries Retry-After, 401 says how to authenticate.

    Args:
        retry_after: seconds, for other statuses that pass.
        members: what this kind of problem has beside (RFC 9457, section 3.2).
    """
    content: dict[str, Any] = {
        "type": f"urn:recolake:error:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id_of(request),
    }
    if field:
        content["field"] = field
    if hint:
        content["hint"] = hint
    content |= members
    headers: dict[str, str] = {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    elif retry_after is not None:
        headers["Retry-After"] = whole_seconds(retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(content, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Add request ids and the handlers to an application."""
    app.add_middleware(RequestIdMiddleware)
    app.add_exception_handler(RecolakeError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OSError, answer_to_system)
    app.add_exception_handler(Exception, _unforeseen)


def answer_to(request: Request, error: RecolakeError) -> JSONResponse:
    """The problem document of an error of ours."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning(
            "request_failed", code=error.code, detail=error.message, request_id=request_id_of(request)
        )
    return problem(
        request,
        status=error.status,
        code=error.code,
        detail=error.message,
        field=error.field,
        hint=error.hint,
        members=error.members,
        retry_after=error.retry_after,
    )


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RecolakeError)
    return answer_to(request, error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    field = ".".join(place[1:]) or place[0]
    return problem(
        request,
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        code="invalid_json" if first["type"] == "json_invalid" else "invalid_input",
        detail=f"{field}: {first['msg']}",
        field=field,
    )


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # Neither FastAPI nor Starlette says it of anything else.
        return problem(
            request,
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            code="unreadable_body",
            detail="The body is not what its Content-Type says, or nests too deeply.",
            hint="Send JSON in UTF-8.",
        )
    code = CODES.get(error.status_code, "http_error")
    answer = problem(request, status=error.status_code, code=code, detail=str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def answer_to_system(request: Request, error: Exception) -> JSONResponse:
    """The problem document of an error of the operating system."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return problem(
            request,
            status=HTTPStatus.INSUFFICIENT_STORAGE,
            code="storage_full",
            detail="There is no room left to store this; nothing was kept.",
        )
    return await _unforeseen(request, error)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    _log.error("request_crashed", request_id=request_id_of(request), exc_info=error)
    return problem(
        request,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="internal_error",
        detail="Something went wrong here. Tell us the request id.",
    )

"""How two kinds of errors are told over HTTP, beyond what every service of ours does."""

from __future__ import annotations

import math

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from control_plane.errors import TooManyAttemptsError
from control_plane.oauth.errors import OAuthError
from recolake.errors import RecolakeError
from recolake.web.problems import problem


def install_account_errors(app: FastAPI) -> None:
    """Add the handlers to an application."""
    app.add_exception_handler(TooManyAttemptsError, _too_many)
    app.add_exception_handler(OAuthError, _oauth)


def retry_after(error: TooManyAttemptsError) -> str:
    """Whole seconds, never too few."""
    return str(math.ceil(error.retry_after.total_seconds()))


async def _too_many(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooManyAttemptsError)
    answer = _problem(request, error)
    answer.headers["Retry-After"] = retry_after(error)
    return answer


async def _oauth(request: Request, error: Exception) -> JSONResponse:
    """A problem document, as which OAuth's own libraries can read it, too: they insist on plain JSON."""
    assert isinstance(error, OAuthError)
    answer = _problem(request, error)
    answer.headers.update({"Content-Type": "application/json", "Cache-Control": "no-store"})
    return answer


def _problem(request: Request, error: RecolakeError) -> JSONResponse:
    return problem(
        request,
        status=error.status,
        code=error.code,
        detail=error.message,
        hint=error.hint,
        members=error.members,
    )

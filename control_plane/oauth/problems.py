"""How errors of OAuth are told over HTTP."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from control_plane.oauth.errors import OAuthError
from recolake.web.problems import answer_to


def install_oauth_errors(app: FastAPI) -> None:
    """Add the handler to an application."""
    app.add_exception_handler(OAuthError, _oauth)


async def _oauth(request: Request, error: Exception) -> JSONResponse:
    """A problem document, as which OAuth's own libraries can read it, too: they insist on plain JSON."""
    assert isinstance(error, OAuthError)
    answer = answer_to(request, error)
    answer.headers.update({"Content-Type": "application/json", "Cache-Control": "no-store"})
    return answer

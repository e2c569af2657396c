"""Routes of the provider. Nothing here asks for a key or a token: here one gets them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response, status
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from control_plane.attempts.service import address_of
from control_plane.auth import PUBLIC, CurrentSettings
from control_plane.errors import TooManyAttemptsError
from control_plane.oauth import page, schemas, service
from control_plane.oauth.errors import OAuthError
from control_plane.sessions import service as sessions
from control_plane.sessions.schemas import TokenAnswer
from control_plane.tokens.issuer import issuer_of
from control_plane.tokens.keys import jwk, verifying_keys
from recolake.errors import ForbiddenError, UnauthenticatedError
from recolake.settings import Settings
from recolake.web.described import problems
from recolake.web.problems import whole_seconds

router = APIRouter(tags=["login"], dependencies=[PUBLIC])

_SENT_BACK: dict[int | str, dict[str, Any]] = {
    303: {
        "description": "Back to the client, with a code or with OAuth's word for what is wrong",
        "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
    }
}
_ONCE_MORE: dict[int | str, dict[str, Any]] = {
    status: {"description": "The page once more", "content": {"text/html": {"schema": {"type": "string"}}}}
    for status in (401, 403, 429)
}
_TO_LIBRARIES = problems(400, media_type="application/json")
"""OAuth's own libraries insist on plain JSON; it is a problem document all the same."""


@router.get(
    "/oauth/authorize",
    operation_id="authorize",
    response_class=HTMLResponse,
    responses=_SENT_BACK | problems(400),
)
def authorize(
    request: Request, asked: Annotated[schemas.AuthorizationRequest, Query()], settings: CurrentSettings
) -> Response:
    """The login page. 400: the client or its redirect URI is not known, so nothing is sent there."""
    client = service.trusted_client(settings, asked)
    try:
        _check(request, asked)
    except OAuthError as error:
        return _refuse(settings, asked, error)
    return page.login_page(client, asked)


@router.post(
    "/oauth/authorize",
    operation_id="log_in",
    response_class=HTMLResponse,
    responses=_SENT_BACK | _ONCE_MORE | problems(400),
)
def log_in(
    request: Request, form: Annotated[schemas.LoginForm, Form()], settings: CurrentSettings
) -> Response:
    """What the page sends. 303: to the client, with a code; 401, 403, 429: the page once more."""
    client = service.trusted_client(settings, form)
    try:
        _check(request, form)
        outcome = service.log_in(settings, form, address_of(request))
    except OAuthError as error:
        return _refuse(settings, form, error)
    except (UnauthenticatedError, ForbiddenError, TooManyAttemptsError) as error:
        again = page.login_page(client, form, problem=error.message, email=form.email, status=error.status)
        if error.retry_after is not None:
            again.headers["Retry-After"] = whole_seconds(error.retry_after)
        return again
    if isinstance(outcome, service.Choice):
        return page.choice_page(client, form, outcome.ticket, outcome.organisations)
    return _redirect(service.redirect_to(settings, form, code=outcome))


@router.post("/oauth/token", operation_id="issue_tokens", responses=_TO_LIBRARIES)
def issue_tokens(
    response: Response, form: Annotated[schemas.TokenForm, Form()], settings: CurrentSettings
) -> TokenAnswer:
    """Tokens for a code, or for a refresh token, which is good once."""
    response.headers["Cache-Control"] = "no-store"
    return service.tokens(settings, form)


@router.post("/oauth/revoke", operation_id="revoke_token")
def revoke_token(form: Annotated[schemas.RevocationForm, Form()], settings: CurrentSettings) -> JSONResponse:
    """End the session of a refresh token, as RFC 7009 has it: 200 also for a token that nobody knows."""
    sessions.revoke(settings, form.token)
    return JSONResponse({})


@router.get("/.well-known/oauth-authorization-server", operation_id="describe_provider")
def describe_provider(settings: CurrentSettings) -> schemas.Metadata:
    """What clients need to know (RFC 8414)."""
    issuer = issuer_of(settings)
    return schemas.Metadata(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/oauth/authorize",
        token_endpoint=f"{issuer}/oauth/token",
        revocation_endpoint=f"{issuer}/oauth/revoke",
        jwks_uri=f"{issuer}/.well-known/jwks.json",
    )


@router.get("/.well-known/jwks.json", operation_id="read_key_set")
def read_key_set(settings: CurrentSettings) -> schemas.KeySet:
    """The public keys by which access tokens can be told from others."""
    keys = verifying_keys(settings)
    said = {"use": "sig", "alg": "EdDSA"}
    return schemas.KeySet(keys=[jwk(public) | said | {"kid": kid} for kid, public in keys.items()])


def _check(request: Request, asked: schemas.AuthorizationRequest) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    if len(names) != len(set(names)):
        raise OAuthError("invalid_request", "A parameter comes twice.")
    service.check_wish(asked)


def _refuse(settings: Settings, asked: schemas.AuthorizationRequest, error: OAuthError) -> Response:
    told = {"error": error.error, "error_description": error.message}
    return _redirect(service.redirect_to(settings, asked, **told))


def _redirect(to: str) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(to, status.HTTP_303_SEE_OTHER, headers)

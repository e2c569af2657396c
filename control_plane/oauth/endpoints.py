"""Routes of the provider. Nothing here asks for a key or a token: here one gets them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response, status
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from control_plane.attempts.service import address_of
from control_plane.auth import PUBLIC, CurrentSettings
from control_plane.errors import TooManyAttemptsError
from control_plane.oauth import page, schemas, service
from control_plane.oauth.clients import Client
from control_plane.oauth.errors import OAuthError
from control_plane.sessions import service as sessions
from control_plane.sessions.schemas import TokenAnswer
from control_plane.tokens.issuer import issuer_of
from control_plane.tokens.keys import jwk, verifying_keys
from recolake.errors import ForbiddenError, RecolakeError, UnauthenticatedError
from recolake.settings import Settings
from recolake.web.described import problems
from recolake.web.problems import whole_seconds

router = APIRouter(tags=["login"], dependencies=[PUBLIC])

SENT_BACK: dict[int | str, dict[str, Any]] = {
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
    responses=SENT_BACK | problems(400),
)
def authorize(
    request: Request, asked: Annotated[schemas.AuthorizationRequest, Query()], settings: CurrentSettings
) -> Response:
    """The login page. 400: the client or its redirect URI is not known, so nothing is sent there."""
    client = service.trusted_client(settings, asked)
    try:
        check(request, asked)
    except OAuthError as error:
        return refuse(settings, asked, error)
    return page.login_page(client, asked, page.ways_of(settings))


@router.post(
    "/oauth/authorize",
    operation_id="log_in",
    response_class=HTMLResponse,
    responses=SENT_BACK | _ONCE_MORE | problems(400),
)
def log_in(
    request: Request, form: Annotated[schemas.LoginForm, Form()], settings: CurrentSettings
) -> Response:
    """What the page sends. 303: to the client, with a code; 401, 403, 429: the page once more."""
    client = service.trusted_client(settings, form)
    try:
        check(request, form)
        outcome = service.log_in(settings, form, address_of(request))
    except OAuthError as error:
        return refuse(settings, form, error)
    except (UnauthenticatedError, ForbiddenError, TooManyAttemptsError) as error:
        return login_again(settings, client, form, error, form.email)
    if isinstance(outcome, service.Choice):
        return page.choice_page(client, form, outcome.ticket, outcome.organisations)
    return redirect(service.redirect_to(settings, form, code=outcome))


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


def check(request: Request, asked: schemas.AuthorizationRequest) -> None:
    """Turn down what is no wish for a code.

    Raises:
        OAuthError: something is missing, of another kind, or there twice.
    """
    if comes_twice(request):
        raise OAuthError("invalid_request", "A parameter comes twice.")
    service.check_wish(asked)


def comes_twice(request: Request) -> bool:
    """Whether a parameter of the address does: who reads it would have the choice (RFC 6749, 3.1)."""
    names = [name for name, _ in request.query_params.multi_items()]
    return len(names) != len(set(names))


def login_again(
    settings: Settings,
    client: Client,
    asked: schemas.AuthorizationRequest,
    error: RecolakeError,
    email: str = "",
) -> HTMLResponse:
    """The login page once more, with what went wrong."""
    ways, told = page.ways_of(settings), f"{error.message} {error.hint}".strip()
    again = page.login_page(client, asked, ways, problem=told, email=email, status=error.status)
    if error.retry_after is not None:
        again.headers["Retry-After"] = whole_seconds(error.retry_after)
    return again


def refuse(settings: Settings, asked: schemas.AuthorizationRequest, error: OAuthError) -> Response:
    """Back to the client, with OAuth's word for what is wrong."""
    told = {"error": error.error, "error_description": error.message}
    return redirect(service.redirect_to(settings, asked, **told))


def redirect(to: str) -> Response:
    """Send a browser somewhere else; neither address is told to anybody."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(to, status.HTTP_303_SEE_OTHER, headers)

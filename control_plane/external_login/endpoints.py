"""Routes of logging in at another provider: to it, back from it, and what a person then answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from control_plane.attempts.service import address_of
from control_plane.auth import PUBLIC, CurrentSettings
from control_plane.external_login import accounts, page, service, ticket
from control_plane.external_login.cookie import cookie_of, forget, keep
from control_plane.external_login.errors import ExternalLoginOverError
from control_plane.external_login.provider import open_provider
from control_plane.external_login.schemas import Connect, FurtherAnswer, Return, Welcome
from control_plane.oauth.clients import Client
from control_plane.oauth.endpoints import SENT_BACK, check, comes_twice, login_again, redirect, refuse
from control_plane.oauth.errors import OAuthError
from control_plane.oauth.page import choice_page
from control_plane.oauth.schemas import AuthorizationRequest
from control_plane.oauth.service import Choice, redirect_to, trusted_client
from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.settings import Settings
from recolake.web.described import problems
from recolake.web.problems import whole_seconds

router = APIRouter(prefix="/oauth/external", tags=["login"], dependencies=[PUBLIC])

_PAGE = {"content": {"text/html": {"schema": {"type": "string"}}}}


def _pages(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"description": "A page that says what is wrong", **_PAGE} for status in statuses}


_ANSWERED_WRONG: dict[int | str, dict[str, Any]] = {
    422: {
        "description": "The page once more, or a problem where no page sent this",
        "content": _PAGE["content"] | problems(422)[422]["content"],
    }
}


@router.get(
    "",
    operation_id="begin_external_login",
    status_code=303,
    response_class=Response,
    responses=SENT_BACK | _pages(429, 502) | problems(400, 404),
)
def begin_external_login(
    request: Request, asked: Annotated[AuthorizationRequest, Query()], settings: CurrentSettings
) -> Response:
    """To the other provider, with a cookie for the way back. 400, 404: no such client, no such provider."""
    open_provider(settings)
    client = trusted_client(settings, asked)
    try:
        check(request, asked)
        sent = service.send_off(settings, asked, address_of(request))
    except OAuthError as error:
        return refuse(settings, asked, error)
    except ServiceUnavailableError:
        raise
    except RecolakeError as error:
        return login_again(settings, client, asked, error)
    answer = redirect(sent.url)
    keep(settings, answer, sent)
    return answer


@router.get(
    "/callback",
    operation_id="return_from_provider",
    response_class=HTMLResponse,
    responses=SENT_BACK | _pages(400, 401, 403, 502) | problems(404),
)
def return_from_provider(
    request: Request, told: Annotated[Return, Query()], settings: CurrentSettings
) -> Response:
    """Where the other provider sends browsers back to. 303: to the client, with a code."""
    open_provider(settings)
    browser = cookie_of(settings, request, told.state)
    try:
        if comes_twice(request):
            raise ExternalLoginOverError("The provider's answer is garbled.", hint="Begin anew.")
        asked = service.take_back(settings, told.state, browser)
    except ExternalLoginOverError as error:
        return page.over_page(error)
    client = trusted_client(settings, asked)
    try:
        outcome = service.come_back(settings, asked, told, str(browser), address_of(request))
    except ServiceUnavailableError:
        raise
    except RecolakeError as error:
        answer: Response = login_again(settings, client, asked, error)
    else:
        answer = _show(settings, client, asked, outcome)
    forget(settings, answer, told.state)
    return answer


@router.post(
    "",
    operation_id="answer_after_provider",
    response_class=HTMLResponse,
    responses=SENT_BACK | _pages(401, 403, 409, 410, 429) | _ANSWERED_WRONG | problems(400, 404),
)
def answer_after_provider(
    request: Request, form: Annotated[FurtherAnswer, Form()], settings: CurrentSettings
) -> Response:
    """What the pages after the provider send: the account's password, an invitation, or an organisation."""
    open_provider(settings)
    client = trusted_client(settings, form)
    try:
        check(request, form)
        outcome = accounts.answer(settings, form, address_of(request))
    except OAuthError as error:
        return refuse(settings, form, error)
    except ServiceUnavailableError:
        raise
    except RecolakeError as error:
        return _once_more(settings, client, form, error)
    return _show(settings, client, form, outcome)


def _show(
    settings: Settings, client: Client, asked: AuthorizationRequest, outcome: str | Choice | Connect | Welcome
) -> Response:
    match outcome:
        case Choice():
            return choice_page(client, asked, outcome.ticket, outcome.organisations)
        case Connect():
            return page.connect_page(settings, asked, outcome)
        case Welcome():
            return page.welcome_page(settings, asked, outcome)
        case code:
            return redirect(redirect_to(settings, asked, code=code))


def _once_more(settings: Settings, client: Client, form: FurtherAnswer, error: RecolakeError) -> HTMLResponse:
    """The page that was answered, with what is wrong; the login page if its ticket is over."""
    identity = ticket.still_good(settings, form)
    if identity is None:
        return login_again(settings, client, form, error)
    problem = f"{error.message} {error.hint}".strip()
    if form.password.get_secret_value():
        wanted = Connect(form.ticket, identity)
        again = page.connect_page(settings, form, wanted, problem, error.status)
    else:
        again = page.welcome_page(settings, form, Welcome(form.ticket, identity), problem, error.status)
    if error.retry_after is not None:
        again.headers["Retry-After"] = whole_seconds(error.retry_after)
    return again

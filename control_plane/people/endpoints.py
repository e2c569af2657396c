"""Routes of people: sign-up, and what concerns oneself."""

from __future__ import annotations

from fastapi import APIRouter, Request, status

from control_plane.attempts.service import address_of
from control_plane.auth import PUBLIC, CurrentSettings, Oneself
from control_plane.invitations import service as invitations
from control_plane.invitations.schemas import InvitationAccepted, InvitationToken
from control_plane.people import schemas, service
from recolake.web.described import problems

router = APIRouter(prefix="/v1", tags=["people"])


@router.post(
    "/people",
    operation_id="sign_up",
    status_code=status.HTTP_201_CREATED,
    dependencies=[PUBLIC],
    responses=problems(403, 429),
)
def sign_up(body: schemas.SignUp, request: Request, settings: CurrentSettings) -> schemas.SignedUp:
    """Sign up, and begin an organisation. 409: the address or the name is taken. 429: too many from here."""
    return service.sign_up(settings, body, address_of(request))


@router.get("/me", operation_id="read_oneself", responses=problems(404))
def read_oneself(principal: Oneself, settings: CurrentSettings) -> schemas.Oneself:
    """Who one is, in which organisation, and what one may do there."""
    return service.oneself(settings, principal)


@router.post(
    "/me/password",
    operation_id="change_password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404, 409, 429),
)
def change_password(
    body: schemas.PasswordChange, request: Request, principal: Oneself, settings: CurrentSettings
) -> None:
    """Take another password. All other sessions end."""
    service.change_password(
        settings,
        principal,
        body.current.get_secret_value(),
        body.new.get_secret_value(),
        address_of(request),
    )


@router.post("/me/invitations", operation_id="join_organisation", responses=problems(409, 410))
def join_organisation(
    body: InvitationToken, principal: Oneself, settings: CurrentSettings
) -> InvitationAccepted:
    """Accept an invitation as who one is logged in as. 403: it is for another address. 410: it is over."""
    return invitations.accept_as(settings, principal, body.token)

"""Routes of invitations."""

from __future__ import annotations

from fastapi import APIRouter, Request, status

from control_plane.attempts.service import address_of
from control_plane.auth import PUBLIC, CurrentSettings, MemberReader, MemberWriter
from control_plane.fields import PathId
from control_plane.invitations import schemas, service
from recolake.web.described import problems

router = APIRouter(prefix="/v1/invitations", tags=["organisations"])


@router.post("", operation_id="invite", status_code=status.HTTP_201_CREATED, responses=problems(409))
def invite(
    body: schemas.InvitationCreate, principal: MemberWriter, settings: CurrentSettings
) -> schemas.InvitationCreated:
    """Ask somebody in. The answer is the only place where the token is ever shown; send it to them."""
    return service.invite(settings, principal, body)


@router.get("", operation_id="list_invitations")
def list_invitations(principal: MemberReader, settings: CurrentSettings) -> list[schemas.InvitationRead]:
    """All invitations, newest first."""
    return service.list_invitations(settings, principal.tenant)


@router.delete("/{invitation_id}", operation_id="revoke_invitation", status_code=status.HTTP_204_NO_CONTENT)
def revoke_invitation(invitation_id: PathId, principal: MemberWriter, settings: CurrentSettings) -> None:
    """Make an invitation worth nothing. Who accepted it stays a member."""
    service.revoke(settings, principal, invitation_id)


@router.post(
    "/accept",
    operation_id="accept_invitation",
    dependencies=[PUBLIC],
    responses=problems(401, 403, 409, 410, 429),
)
def accept_invitation(
    body: schemas.InvitationAccept, request: Request, settings: CurrentSettings
) -> schemas.InvitationAccepted:
    """Become a member, as somebody known here or as somebody new. 410: the invitation is over."""
    return service.accept(settings, body, address_of(request))

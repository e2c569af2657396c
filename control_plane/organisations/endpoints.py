"""Routes of organisations and their members."""

from __future__ import annotations

from fastapi import APIRouter, status

from control_plane.auth import CurrentSettings, MemberReader, MemberWriter, Oneself, TenantWriter
from control_plane.fields import PathId
from control_plane.organisations import schemas, service
from control_plane.people.schemas import Membership
from recolake.web.described import problems

router = APIRouter(prefix="/v1", tags=["organisations"])


@router.post("/organisations", operation_id="create_organisation", status_code=status.HTTP_201_CREATED)
def create_organisation(
    body: schemas.OrganisationCreate, principal: Oneself, settings: CurrentSettings
) -> Membership:
    """Begin a further organisation, and be its owner. Log in anew to work in it. 409: the name is taken."""
    return service.create(settings, principal, body.organisation, body.organisation_name)


@router.patch("/organisation", operation_id="change_organisation", status_code=status.HTTP_204_NO_CONTENT)
def change_organisation(
    body: schemas.OrganisationChange, principal: TenantWriter, settings: CurrentSettings
) -> None:
    """Give the organisation another name for people to read."""
    service.rename(settings, principal, body.organisation_name)


@router.get("/members", operation_id="list_members")
def list_members(principal: MemberReader, settings: CurrentSettings) -> list[schemas.MemberRead]:
    """Everybody in the organisation, disabled members too."""
    return service.members(settings, principal.tenant)


@router.patch("/members/{person_id}", operation_id="change_member", responses=problems(409))
def change_member(
    person_id: PathId,
    body: schemas.MemberChange,
    principal: MemberWriter,
    settings: CurrentSettings,
) -> schemas.MemberRead:
    """Give another role, or disable: then sessions end at once. 409: no owner would be left."""
    return service.change_member(settings, principal, person_id, body)

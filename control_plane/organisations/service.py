"""Organisations: who is in, as what. There is always an owner who is let in."""

from __future__ import annotations

from datetime import UTC, datetime

from control_plane.audit import record as audited
from control_plane.database import open_database
from control_plane.errors import LastOwnerError
from control_plane.organisations import repository
from control_plane.organisations.schemas import MemberChange, MemberRead
from control_plane.organisations.seats import require_seats
from control_plane.people.schemas import Membership
from control_plane.people.service import begin_organisation
from control_plane.permissions import Permission, Role
from control_plane.principal import Principal
from control_plane.sessions import repository as sessions
from control_plane.snapshots import publish
from recolake.audit.entry import Action
from recolake.errors import ForbiddenError, NotFoundError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def create(settings: Settings, principal: Principal, name: str, display_name: str) -> Membership:
    """Begin a further organisation; one logs in to it like to the first.

    Raises:
        InvalidInputError, TenantExistsError: the name cannot be taken.
        ForbiddenError: this platform makes organisations for no one who asks.
    """
    assert principal.person_id is not None
    if settings.sign_up == "closed":
        raise ForbiddenError("On this platform whoever runs it creates organisations.")
    tenant = Tenant(name)
    database = open_database(settings)
    with database.platform() as session:
        begin_organisation(settings, session, tenant, display_name, principal.person_id)
    publish(settings, database)
    return Membership(tenant_id=tenant.name, display_name=display_name, role=Role.OWNER)


def rename(settings: Settings, principal: Principal, display_name: str) -> None:
    """Give the organisation another name for people to read; its identity stays."""
    with open_database(settings).transaction(principal.tenant) as session:
        repository.rename(session, principal.tenant, display_name)
        tenant = principal.tenant
        audited.record(session, tenant, Action.ORGANISATION_RENAMED, tenant.name, by=principal.as_actor)


def members(settings: Settings, tenant: Tenant) -> list[MemberRead]:
    """The members, disabled ones too; who joined first comes first."""
    with open_database(settings).transaction(tenant) as session:
        return [MemberRead.model_validate(row) for row in repository.list_for(session, tenant)]


def change_member(
    settings: Settings, principal: Principal, person_id: str, asked: MemberChange
) -> MemberRead:
    """Give a member another role, let them in no more, or again. A disabled member's sessions end.

    Raises:
        NotFoundError: nobody of that id is a member.
        ForbiddenError: somebody who is no owner would make an owner, or change one.
        LastOwnerError: nobody would be left who is an owner and let in.
        SeatsTakenError: who is to be let in again finds no seat free.
    """
    tenant, now = principal.tenant, datetime.now(UTC)
    with open_database(settings).transaction(tenant) as session:
        repository.lock(session, tenant)
        member = repository.find(session, tenant, person_id)
        if member is None:
            raise NotFoundError("There is no such member.", field="person_id")
        role = asked.role or Role(member.role)
        check_may_give(principal, role)
        check_may_give(principal, Role(member.role))
        disabled_at = member.disabled_at
        if asked.disabled is not None:
            disabled_at = (member.disabled_at or now) if asked.disabled else None
        if member.disabled_at is not None and disabled_at is None:
            require_seats(session, tenant, now, 1)
        repository.change(session, tenant, person_id, role, disabled_at)
        if not repository.let_in(session, tenant, Role.OWNER):
            raise LastOwnerError(
                "An organisation always keeps an owner.", hint="Make somebody else an owner first."
            )
        if disabled_at is not None:
            sessions.end_all(session, person_id, "disabled", tenant=tenant)
        (row,) = repository.list_for(session, tenant, person_id)
        details = {"role": role.value, "disabled": disabled_at is not None}
        by = principal.as_actor
        audited.record(session, tenant, Action.MEMBER_CHANGED, person_id, by=by, details=details)
        return MemberRead.model_validate(row)


def check_may_give(principal: Principal, role: Role) -> None:
    """Only an owner makes owners, or changes them.

    Raises:
        ForbiddenError: the principal is somebody else, and the role is owner.
    """
    if role is Role.OWNER and Permission.OWNERS_WRITE not in principal.permissions:
        raise ForbiddenError("Only an owner makes owners, or changes them.", field="role")

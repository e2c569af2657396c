"""Invitations: made by who may, good once and for some days, accepted with a password."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from control_plane.audit import record as audited
from control_plane.database import open_database
from control_plane.errors import InvitationGoneError, PersonExistsError
from control_plane.invitations import repository
from control_plane.invitations.schemas import (
    InvitationAccept,
    InvitationAccepted,
    InvitationCreate,
    InvitationCreated,
    InvitationRead,
    State,
)
from control_plane.models import InvitationRow, PersonRow
from control_plane.organisations import repository as members
from control_plane.organisations.seats import require_seats
from control_plane.organisations.service import check_may_give
from control_plane.people import repository as people
from control_plane.people.service import new_person, recognise, require_passwords
from control_plane.permissions import Role
from control_plane.principal import Principal
from recolake.audit.entry import Action, Actor
from recolake.errors import ForbiddenError, InvalidInputError, NotFoundError
from recolake.settings import Settings
from recolake.tenancy.api_keys import hash_key
from recolake.tenancy.context import Tenant


def invite(settings: Settings, principal: Principal, asked: InvitationCreate) -> InvitationCreated:
    """Make an invitation and its token, which nobody can show again.

    Raises:
        ForbiddenError: only an owner invites an owner.
        SeatsTakenError: the plan has no seat free.
    """
    check_may_give(principal, asked.role)
    now = datetime.now(UTC)
    token = f"inv_{secrets.token_urlsafe(32)}"
    row = InvitationRow(
        tenant_id=principal.tenant.name,
        invitation_id=f"inv_{secrets.token_hex(8)}",
        email=asked.email,
        role=asked.role.value,
        sha256=hash_key(token),
        invited_by=principal.actor,
        expires_at=now + timedelta(days=asked.days),
    )
    with open_database(settings).transaction(principal.tenant) as session:
        require_seats(session, principal.tenant, now, 1)
        read = _read(repository.add(session, row))
        audited.record(
            session,
            principal.tenant,
            Action.MEMBER_INVITED,
            row.invitation_id,
            by=principal.as_actor,
            details={"role": row.role},
        )
    return InvitationCreated(**read.model_dump(), token=token)


def list_invitations(settings: Settings, tenant: Tenant) -> list[InvitationRead]:
    """The tenant's invitations, newest first."""
    with open_database(settings).transaction(tenant) as session:
        return [_read(row) for row in repository.list_for(session, tenant)]


def revoke(settings: Settings, principal: Principal, invitation_id: str) -> None:
    """Make an invitation worth nothing.

    Raises:
        NotFoundError: the tenant has none of that id.
    """
    tenant = principal.tenant
    with open_database(settings).transaction(tenant) as session:
        if not repository.revoke(session, tenant, invitation_id):
            raise NotFoundError("There is no such invitation.", field="invitation_id")
        by = principal.as_actor
        audited.record(session, tenant, Action.INVITATION_REVOKED, invitation_id, by=by)


def accept(
    settings: Settings, asked: InvitationAccept, address: str, *, now: datetime | None = None
) -> InvitationAccepted:
    """Become a member: with the password that one has, or as somebody new. A member stays what they are.

    Raises:
        PasswordLoginOffError: people log in at another provider, and accept when they did.
        InvitationGoneError: there is no such invitation that could still be accepted.
        WrongPasswordError, TooManyAttemptsError: the person is known here, and the password is not theirs.
        InvalidInputError: somebody new needs a name and a good password.
        SeatsTakenError: the plan got smaller since, and has no seat free.
    """
    require_passwords(settings)
    moment, database = now or datetime.now(UTC), open_database(settings)
    with database.platform() as session:
        invitation = repository.open_one(session, hash_key(asked.token), moment)
        known = invitation and people.by_email(session, invitation.email)
    if invitation is None:
        raise _gone()
    tenant, password = Tenant(invitation.tenant_id), asked.password.get_secret_value()
    if known is not None:
        person, is_new = recognise(settings, invitation.email, password, address, now=now), False
    elif asked.name is None:
        raise InvalidInputError("You are new here: what is your name?", field="name")
    else:
        person, is_new = new_person(invitation.email, asked.name, password, tenant), True
    with database.platform() as session:
        # Anew, and locked this time: of two who accept at once one is late.
        if repository.open_one(session, hash_key(asked.token), moment) is None:
            raise _gone()
        if is_new and not people.add(session, person):
            raise PersonExistsError(
                "Somebody signed up with this address meanwhile.", hint="Accept once more.", field="email"
            )
        return join(session, asked.token, person, moment)


def accept_as(settings: Settings, principal: Principal, token: str) -> InvitationAccepted:
    """Become a member of a further organisation, as whoever is logged in.

    Raises:
        InvitationGoneError: there is no such invitation that could still be accepted.
        ForbiddenError: it is for somebody else.
    """
    assert principal.person_id is not None
    with open_database(settings).platform() as session:
        person = people.by_id(session, principal.person_id)
        assert person is not None  # the session's foreign key
        return join(session, token, person, datetime.now(UTC))


def join(session: Session, token: str, person: PersonRow, now: datetime) -> InvitationAccepted:
    """Use an invitation up within the caller's transaction, which the platform makes; call it last.

    Raises:
        InvitationGoneError: it is used up, also by somebody who accepts at the same moment.
        ForbiddenError: it is for another address than the person's.
        SeatsTakenError: the plan got smaller since, and has no seat free.
    """
    found = repository.open_one(session, hash_key(token), now)
    if found is None:
        raise _gone()
    if found.email != person.email:
        raise ForbiddenError("This invitation is for another address.", hint="Ask for one for yours.")
    tenant = Tenant(found.tenant_id)
    if members.find(session, tenant, person.person_id) is None:
        # The invitation has kept a seat free, unless there are fewer now.
        require_seats(session, tenant, now, 0)
    joined = members.add(session, tenant, person.person_id, Role(found.role))
    found.accepted_at = now
    member = members.find(session, tenant, person.person_id)
    assert member is not None
    if joined:
        by, details = Actor(kind="person", id=person.person_id), {"invitation": found.invitation_id}
        audited.record(session, tenant, Action.MEMBER_JOINED, person.person_id, by=by, details=details)
    return InvitationAccepted(person_id=person.person_id, tenant_id=tenant.name, role=Role(member.role))


def _gone() -> InvitationGoneError:
    return InvitationGoneError("This invitation was used, revoked, or is too old.", hint="Ask for a new one.")


def _read(row: InvitationRow) -> InvitationRead:
    return InvitationRead(
        invitation_id=row.invitation_id,
        email=row.email,
        role=Role(row.role),
        invited_by=row.invited_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        state=_state(row, datetime.now(UTC)),
    )


def _state(row: InvitationRow, now: datetime) -> State:
    if row.accepted_at:
        return "accepted"
    if row.revoked_at:
        return "revoked"
    return "open" if now < row.expires_at else "expired"

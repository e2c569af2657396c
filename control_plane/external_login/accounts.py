"""Whose account it is that somebody logs in to whom the provider knows: that of issuer and subject, alone.

An address decides nothing by itself, since it may belong to somebody else tomorrow, or be claimed today:
decision record 0045.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from control_plane.attempts import service as attempts
from control_plane.audit import record as audited
from control_plane.database import open_database
from control_plane.errors import PersonExistsError
from control_plane.external_login import repository, ticket
from control_plane.external_login.errors import ExternalLoginRefusedError, NotConnectedError
from control_plane.external_login.provider import open_provider
from control_plane.external_login.schemas import Connect, FurtherAnswer, Identity, Welcome
from control_plane.invitations.schemas import InvitationAccepted
from control_plane.invitations.service import join
from control_plane.models import PersonRow
from control_plane.oauth.schemas import AuthorizationRequest
from control_plane.oauth.service import Choice, let_in
from control_plane.people import repository as people
from control_plane.people.service import (
    begin_organisation,
    person_without_password,
    recognise,
    require_open_sign_up,
)
from control_plane.permissions import Role
from control_plane.sessions import repository as sessions
from control_plane.snapshots import publish
from recolake.audit.entry import Action, Actor
from recolake.errors import InvalidInputError, NotFoundError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def enter(
    settings: Settings, asked: AuthorizationRequest, identity: Identity, address: str, now: datetime
) -> str | Choice | Connect | Welcome:
    """A code for somebody whom the provider recognised, or what is still to be asked of them.

    Raises:
        NotConnectedError: they have no account, and nothing shows that the one of their address is theirs.
        ForbiddenError: the named organisation does not let them in.
    """
    with open_database(settings).platform() as session:
        attempts.external_succeeded(session, address)
        person = repository.person_of(session, identity.issuer, identity.subject)
        member = person is not None and bool(people.memberships(session, person.person_id))
        other = None if person is not None else people.by_email(session, identity.email)
    if person is not None and member:
        return let_in(settings, asked, person.person_id, "provider", now)
    name = settings.oidc_name
    if person is None and not identity.email:
        raise NotConnectedError(
            f"{name} does not tell your e-mail address.",
            hint="It must give this platform the claim `email`, and you must have one there.",
        )
    if other is None:
        return Welcome(ticket.issue(settings, asked, identity, now), identity)
    if other.password_hash is None:
        raise NotConnectedError(
            f"An account with your address exists, and belongs to somebody else at {name}.",
            hint="Whoever runs this platform can connect it to you: recolake account connect.",
        )
    if not identity.email_verified:
        raise NotConnectedError(
            f"An account with your address exists, and {name} does not vouch that the address is yours.",
            hint="Have it verified there; or whoever runs this platform does: recolake account connect.",
        )
    return Connect(ticket.issue(settings, asked, identity, now), identity)


def answer(
    settings: Settings, form: FurtherAnswer, address: str, *, now: datetime | None = None
) -> str | Choice:
    """A code for somebody who connected their account, or began one: all of it or nothing.

    Raises:
        UnauthenticatedError: the ticket is not of this login, or over.
        WrongPasswordError, TooManyAttemptsError: the account is not shown to be theirs.
        SignUpClosedError: one gets in by invitation alone.
        InvitationGoneError, ForbiddenError: the invitation is over, or another's.
        InvalidInputError, TenantExistsError: the organisation's name cannot be taken.
    """
    open_provider(settings)
    moment = now or datetime.now(UTC)
    identity = ticket.read(settings, form, moment)
    if form.password.get_secret_value():
        person_id = _connect(settings, identity, form.password.get_secret_value(), address, moment)
        return let_in(settings, form, person_id, "provider", moment)
    begun = _begin(settings, identity, form, address, moment)
    there = form.model_copy(update={"organisation": begun.tenant_id})
    return let_in(settings, there, begun.person_id, "provider", moment)


def connect_by_hand(settings: Settings, email: str, subject: str) -> str:
    """As whoever runs the platform: have a provider's person log in to an account; gives its id.

    Raises:
        NotFoundError: there is no provider, or no such account.
        ExternalLoginRefusedError: that person logs in to an account already.
    """
    issuer = open_provider(settings).issuer
    with open_database(settings).platform() as session:
        person = _of(session, email)
        _bind(session, issuer, subject, person.person_id, by=None)
        return person.person_id


def disconnect_by_hand(settings: Settings, email: str) -> str:
    """Have nobody of the provider log in to an account any more, and end its sessions; gives its id.

    Raises:
        NotFoundError: there is no provider, or no such account, or nobody of it logs in to that.
    """
    issuer = open_provider(settings).issuer
    with open_database(settings).platform() as session:
        person = _of(session, email)
        if not repository.disconnect(session, issuer, person.person_id):
            raise NotFoundError("Nobody of the provider logs in to this account.", field="email")
        sessions.end_all(session, person.person_id, "disconnected")
        _record(session, Action.MEMBER_DISCONNECTED, person.person_id, issuer, by=None)
        return person.person_id


def _of(session: Session, email: str) -> PersonRow:
    person = people.by_email(session, email.lower())
    if person is None:
        raise NotFoundError("There is no account with this address.", field="email")
    return person


def _connect(settings: Settings, identity: Identity, password: str, address: str, now: datetime) -> str:
    if not identity.email_verified:
        raise ExternalLoginRefusedError("An address that nobody vouches for connects nothing.")
    person = recognise(settings, identity.email, password, address, now=now)
    with open_database(settings).platform() as session:
        by = Actor(kind="person", id=person.person_id)
        _bind(session, identity.issuer, identity.subject, person.person_id, by=by)
    return person.person_id


def _begin(
    settings: Settings, identity: Identity, form: FurtherAnswer, address: str, now: datetime
) -> InvitationAccepted:
    database = open_database(settings)
    attempts.begin_sign_up(database, address, now)
    with database.platform() as session:
        person = repository.person_of(session, identity.issuer, identity.subject)
        if person is None:
            person = _new(session, identity, form.name)
        if form.invitation:
            return join(session, form.invitation, person, now)
        require_open_sign_up(settings)
        if not form.new_organisation:
            raise InvalidInputError("What is your organisation to be called?", field="new_organisation")
        tenant = Tenant(form.new_organisation)
        begin_organisation(settings, session, tenant, "", person.person_id)
    publish(settings, database)
    return InvitationAccepted(person_id=person.person_id, tenant_id=tenant.name, role=Role.OWNER)


def _new(session: Session, identity: Identity, name: str) -> PersonRow:
    if not name.strip():
        raise InvalidInputError("You are new here: what is your name?", field="name")
    person = person_without_password(identity.email, name.strip())
    connected = people.add(session, person) and repository.connect(
        session, identity.issuer, identity.subject, person.person_id
    )
    if not connected:
        raise PersonExistsError(
            "Somebody signed up with this address meanwhile.", hint="Log in once more.", field="email"
        )
    return person


def _bind(session: Session, issuer: str, subject: str, person_id: str, *, by: Actor | None) -> None:
    if not repository.connect(session, issuer, subject, person_id):
        known = repository.person_of(session, issuer, subject)
        if known is not None and known.person_id == person_id:
            return
        raise ExternalLoginRefusedError("This person of the provider logs in to an account here already.")
    _record(session, Action.MEMBER_CONNECTED, person_id, issuer, by=by)


def _record(session: Session, action: Action, person_id: str, issuer: str, *, by: Actor | None) -> None:
    """In each organisation's log; in one order, since each holds up the other writers of its own."""
    for name in sorted(row.tenant_id for row in people.memberships(session, person_id)):
        audited.record(session, Tenant(name), action, person_id, by=by, details={"issuer": issuer})

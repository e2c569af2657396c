"""People: signed up with an organisation, recognised by their password."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from control_plane.attempts import service as attempts
from control_plane.audit import record as audited
from control_plane.database import open_database
from control_plane.errors import (
    NoPasswordError,
    PasswordLoginOffError,
    PersonExistsError,
    SignUpClosedError,
    TenantExistsError,
    WrongPasswordError,
)
from control_plane.models import PersonRow
from control_plane.organisations import repository as members
from control_plane.people import repository
from control_plane.people.passwords import check_password, hash_password, matches, outdated
from control_plane.people.schemas import Membership, Oneself, SignedUp, SignUp
from control_plane.permissions import Role
from control_plane.principal import Principal
from control_plane.sessions import repository as sessions
from control_plane.snapshots import publish
from control_plane.tenants import service as tenants
from recolake.audit.entry import Action, Actor
from recolake.errors import NotFoundError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def sign_up(settings: Settings, asked: SignUp, address: str) -> SignedUp:
    """Make a person and their organisation, both or neither.

    Raises:
        PasswordLoginOffError, SignUpClosedError: this platform takes nobody in this way.
        InvalidInputError: the organisation's name or the password cannot be taken.
        PersonExistsError, TenantExistsError: the address or the name is taken.
        TooManyAttemptsError: too many signed up from that network address.
    """
    require_passwords(settings)
    require_open_sign_up(settings)
    tenant = Tenant(asked.organisation)
    database = open_database(settings)
    attempts.begin_sign_up(database, address)
    person = new_person(asked.email, asked.name, asked.password.get_secret_value(), tenant)
    with database.platform() as session:
        if not repository.add(session, person):
            raise PersonExistsError(
                "Somebody signed up with this address already.",
                hint="Log in, and begin another organisation from there; or take another address.",
                field="email",
            )
        begin_organisation(settings, session, tenant, asked.organisation_name, person.person_id)
    publish(settings, database)
    return SignedUp(person_id=person.person_id, tenant_id=tenant.name, role=Role.OWNER)


def require_open_sign_up(settings: Settings) -> None:
    """Go on only where whoever comes may begin an organisation.

    Raises:
        SignUpClosedError: this platform takes people by invitation alone.
    """
    if settings.sign_up == "closed":
        raise SignUpClosedError(
            "This platform takes people by invitation alone.", hint="Ask whoever runs it for one."
        )


def require_passwords(settings: Settings) -> None:
    """Go on only where people log in with passwords.

    Raises:
        PasswordLoginOffError: they log in at another provider.
    """
    if not settings.password_login:
        raise PasswordLoginOffError(
            f"Nobody signs up or logs in with a password here: {settings.oidc_name} says who people are.",
            hint=f"Log in on the login page, with {settings.oidc_name}.",
        )


def begin_organisation(
    settings: Settings, session: Session, tenant: Tenant, display_name: str, owner: str
) -> None:
    """Make an organisation with its first member.

    Raises:
        TenantExistsError: the name is taken.
    """
    if not tenants.add(settings, session, tenant, display_name):
        raise TenantExistsError(
            f"The name '{tenant}' is taken.", hint="Take another name.", field="organisation"
        )
    members.add(session, tenant, owner, Role.OWNER)
    by = Actor(kind="person", id=owner)
    audited.record(session, tenant, Action.TENANT_CREATED, tenant.name, by=by)


def new_person(email: str, name: str, password: str, tenant: Tenant) -> PersonRow:
    """A row for somebody, not yet stored.

    Raises:
        InvalidInputError: the password is too short, or easily guessed.
    """
    check_password(password, personal=(email, email.partition("@")[0], tenant.name))
    return _person(email, name, hash_password(password))


def person_without_password(email: str, name: str) -> PersonRow:
    """A row for somebody whom another provider recognises, not yet stored."""
    return _person(email, name, None)


def _person(email: str, name: str, password_hash: str | None) -> PersonRow:
    person_id = f"per_{secrets.token_hex(8)}"
    return PersonRow(person_id=person_id, email=email, name=name, password_hash=password_hash)


def recognise(
    settings: Settings, email: str, password: str, address: str, *, now: datetime | None = None
) -> PersonRow:
    """The person of an address, if the password is theirs. The answer does not tell whether they exist.

    Raises:
        TooManyAttemptsError: so many failed that none is looked at for a while.
        WrongPasswordError: the address or the password is wrong.
    """
    database = open_database(settings)
    moment = now or datetime.now(UTC)
    attempts.begin(database, email, address, moment)
    with database.platform() as session:
        person = repository.by_email(session, email)
    # No connection is held while the hash is made.
    stored = person.password_hash if person else None
    if not matches(password, stored) or person is None or stored is None:
        raise WrongPasswordError("The address or the password is wrong.")
    with database.platform() as session:
        attempts.succeeded(session, email, address)
        if outdated(stored):
            repository.set_password(session, person.person_id, hash_password(password))
    return person


def oneself(settings: Settings, principal: Principal) -> Oneself:
    """What a person is told about themselves."""
    person_id, role = _person_of(principal)
    with open_database(settings).platform() as session:
        person = repository.by_id(session, person_id)
        found = repository.memberships(session, person_id)
    assert person is not None  # the session's foreign key
    return Oneself(
        person_id=person_id,
        email=person.email,
        name=person.name,
        tenant_id=principal.tenant.name,
        role=role,
        permissions=sorted(principal.permissions),
        organisations=[Membership.model_validate(row) for row in found],
    )


def change_password(settings: Settings, principal: Principal, current: str, new: str, address: str) -> None:
    """Take another password; all other sessions of the person end, in every organisation.

    Raises:
        PasswordLoginOffError, NoPasswordError: there is none that could be another.
        WrongPasswordError, TooManyAttemptsError: as at login.
        InvalidInputError: the new one is too short, or easily guessed.
    """
    require_passwords(settings)
    person_id, _ = _person_of(principal)
    database = open_database(settings)
    with database.platform() as session:
        person = repository.by_id(session, person_id)
    assert person is not None  # the session's foreign key
    if person.password_hash is None:
        raise NoPasswordError(
            "This account has no password.", hint="It is logged in to at another provider; change it there."
        )
    check_password(new, personal=(person.email, person.email.partition("@")[0], principal.tenant.name))
    recognise(settings, person.email, current, address)
    hashed = hash_password(new)
    with database.platform() as session:
        repository.set_password(session, person_id, hashed)
        sessions.end_all(session, person_id, "password", but=principal.session_id)


def _person_of(principal: Principal) -> tuple[str, Role]:
    if principal.person_id is None or principal.role is None:
        raise NotFoundError("An API key is nobody.", hint="Log in, and ask with the access token.")
    return principal.person_id, principal.role

"""Sessions: begun by a login, kept by refreshing, over at logout, on misuse, or after 30 days.

A refresh token is good once. Whoever shows one again, be it a thief or its owner after a theft, ends the
whole session with all its tokens, since nobody can tell the two apart (RFC 9700, section 4.14). That holds
for two who refresh at the same moment, too: one gets tokens, and the other's call ends the session.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from control_plane.database import open_database
from control_plane.lifecycle import repository as lives
from control_plane.models import RefreshTokenRow, SessionRow
from control_plane.permissions import Role, of_role
from control_plane.principal import Principal
from control_plane.sessions import repository
from control_plane.sessions.schemas import SessionRead, TokenAnswer
from control_plane.tokens import access
from control_plane.tokens.issuer import issuer_of
from control_plane.tokens.keys import signing_key, verifying_keys
from recolake.errors import NotFoundError, UnauthenticatedError
from recolake.settings import Settings
from recolake.tenancy.api_keys import hash_key
from recolake.tenancy.context import Tenant

REFRESH_LIFETIME = timedelta(days=7)
SESSION_LIFETIME = timedelta(days=30)
_KEPT = timedelta(days=30)


def authenticate(settings: Settings, token: str, *, now: datetime | None = None) -> Principal:
    """The person of an access token, with the role that they have now.

    Raises:
        UnauthenticatedError: the token is not valid, its session is over, or its person is let in no more.
        ServiceUnavailableError: PostgreSQL, which alone knows that, does not answer.
    """
    moment = now or datetime.now(UTC)
    claims = access.verify(token, verifying_keys(settings), issuer_of(settings), moment)
    with open_database(settings).transaction(claims.tenant) as session:
        role = repository.role_of_live(session, claims.tenant, claims.session_id, claims.person_id, moment)
        standing = lives.standing(session, claims.tenant)
    if role is None:
        raise UnauthenticatedError("This session is over.", hint="Log in again.")
    return Principal(
        claims.tenant,
        of_role(Role(role)),
        person_id=claims.person_id,
        session_id=claims.session_id,
        role=Role(role),
        standing=standing,
    )


def begin(
    session: Session, tenant: Tenant, person_id: str, client_id: str, way: str, now: datetime
) -> SessionRow:
    """A new session within the caller's transaction, which the platform makes."""
    repository.forget_before(session, now - _KEPT)
    row = SessionRow(
        tenant_id=tenant.name,
        session_id=f"ses_{secrets.token_hex(12)}",
        person_id=person_id,
        client_id=client_id,
        way=way,
        created_at=now,
        expires_at=now + SESSION_LIFETIME,
    )
    session.add(row)
    session.flush()
    return row


def tokens_for(settings: Settings, session: Session, row: SessionRow, now: datetime) -> TokenAnswer | None:
    """A new pair of tokens for a live session; None if it is over, or its person is let in no more."""
    tenant = Tenant(row.tenant_id)
    role = repository.role_of_live(session, tenant, row.session_id, row.person_id, now)
    if role is None:
        return None
    secret = f"rt_{secrets.token_urlsafe(32)}"
    session.add(
        RefreshTokenRow(
            tenant_id=row.tenant_id,
            sha256=hash_key(secret),
            session_id=row.session_id,
            issued_at=now,
            expires_at=min(now + REFRESH_LIFETIME, row.expires_at),
        )
    )
    claims = access.Claims(row.person_id, tenant, Role(role), row.session_id)
    return TokenAnswer(
        access_token=access.issue(claims, signing_key(settings), issuer_of(settings), now),
        expires_in=int(access.LIFETIME.total_seconds()),
        refresh_token=secret,
        tenant=tenant.name,
        role=Role(role),
    )


def refresh(
    settings: Settings, secret: str, client_id: str, *, now: datetime | None = None
) -> TokenAnswer | None:
    """A new pair for a refresh token; None if the token is worth nothing, whatever the reason.

    A token that was used before, or that another client shows, ends its session.
    """
    moment = now or datetime.now(UTC)
    with open_database(settings).platform() as session:
        token, fresh = repository.take_refresh_token(session, hash_key(secret), moment)
        if token is None:
            return None
        tenant = Tenant(token.tenant_id)
        row = repository.find(session, tenant, token.session_id)
        if row is None or token.expires_at <= moment:
            return None
        if not fresh or row.client_id != client_id:
            repository.end(session, tenant, row.session_id, "reuse")
            return None
        return tokens_for(settings, session, row, moment)


def revoke(settings: Settings, secret: str) -> None:
    """End the session of a refresh token (RFC 7009); an unknown one is none of our business."""
    with open_database(settings).platform() as session:
        token, _ = repository.take_refresh_token(session, hash_key(secret), datetime.now(UTC))
        if token is not None:
            repository.end(session, Tenant(token.tenant_id), token.session_id, "logout")


def list_own(settings: Settings, principal: Principal) -> list[SessionRead]:
    """The person's sessions in every organisation, newest first."""
    assert principal.person_id is not None
    with open_database(settings).platform() as session:
        rows = repository.live_of(session, principal.person_id, datetime.now(UTC))
    read = [SessionRead.model_validate(row) for row in rows]
    return [r.model_copy(update={"current": r.session_id == principal.session_id}) for r in read]


def end_own(settings: Settings, principal: Principal, session_id: str) -> None:
    """Log out of one session of one's own: its access tokens are dead at once.

    Raises:
        NotFoundError: one has no live session of that id.
    """
    assert principal.person_id is not None
    with open_database(settings).platform() as session:
        rows = repository.live_of(session, principal.person_id, datetime.now(UTC))
        mine = next((row for row in rows if row.session_id == session_id), None)
        if mine is None:
            raise NotFoundError("You have no such session.", field="session_id")
        repository.end(session, Tenant(mine.tenant_id), session_id, "logout")

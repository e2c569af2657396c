"""SQL of sessions and refresh tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from control_plane.models import MemberRow, RefreshTokenRow, SessionRow
from recolake.tenancy.context import Tenant


def role_of_live(
    session: Session, tenant: Tenant, session_id: str, person_id: str, now: datetime
) -> str | None:
    """The role that the session's person has now; None if the session is over, or they are let in no more."""
    statement = (
        select(MemberRow.role)
        .join(
            SessionRow,
            (SessionRow.tenant_id == MemberRow.tenant_id) & (SessionRow.person_id == MemberRow.person_id),
        )
        .where(
            SessionRow.tenant_id == tenant.name,
            SessionRow.session_id == session_id,
            SessionRow.person_id == person_id,
            SessionRow.ended_at.is_(None),
            SessionRow.expires_at > now,
            MemberRow.disabled_at.is_(None),
        )
    )
    return session.scalars(statement).one_or_none()


def take_refresh_token(session: Session, sha256: str, now: datetime) -> tuple[RefreshTokenRow | None, bool]:
    """The token's row, and whether this call used it up; of several calls at once exactly one did."""
    unused = update(RefreshTokenRow).where(
        RefreshTokenRow.sha256 == sha256, RefreshTokenRow.used_at.is_(None)
    )
    taken = session.execute(unused.values(used_at=now).returning(RefreshTokenRow)).scalar_one_or_none()
    if taken is not None:
        return taken, True
    known = session.scalars(select(RefreshTokenRow).where(RefreshTokenRow.sha256 == sha256)).one_or_none()
    return known, False


def find(session: Session, tenant: Tenant, session_id: str) -> SessionRow | None:
    """A session, whether over or not; nobody else changes it until the transaction ends."""
    return session.get(SessionRow, (tenant.name, session_id), with_for_update=True)


def live_of(session: Session, person_id: str, now: datetime) -> Sequence[SessionRow]:
    """A person's sessions that are not over, newest first."""
    statement = select(SessionRow).where(
        SessionRow.person_id == person_id, SessionRow.ended_at.is_(None), SessionRow.expires_at > now
    )
    return session.scalars(statement.order_by(SessionRow.created_at.desc())).all()


def end(session: Session, tenant: Tenant, session_id: str, why: str) -> bool:
    """End a session; False if it was over, or there is none."""
    statement = update(SessionRow).where(
        SessionRow.tenant_id == tenant.name,
        SessionRow.session_id == session_id,
        SessionRow.ended_at.is_(None),
    )
    ended = session.execute(
        statement.values(ended_at=func.now(), ended_by=why).returning(SessionRow.session_id)
    )
    return ended.first() is not None


def end_all(
    session: Session, person_id: str, why: str, *, tenant: Tenant | None = None, but: str | None = None
) -> None:
    """End a person's sessions: those in one tenant, or all in sight; but for one, if named."""
    statement = update(SessionRow).where(SessionRow.person_id == person_id, SessionRow.ended_at.is_(None))
    if tenant is not None:
        statement = statement.where(SessionRow.tenant_id == tenant.name)
    if but is not None:
        statement = statement.where(SessionRow.session_id != but)
    session.execute(statement.values(ended_at=func.now(), ended_by=why))


def end_all_of(session: Session, tenant: Tenant, why: str) -> None:
    """End everybody's sessions in a tenant."""
    statement = update(SessionRow).where(SessionRow.tenant_id == tenant.name, SessionRow.ended_at.is_(None))
    session.execute(statement.values(ended_at=func.now(), ended_by=why))


def forget_before(session: Session, moment: datetime) -> None:
    """Remove sessions, with their tokens, that were over before a moment."""
    over = func.least(SessionRow.expires_at, func.coalesce(SessionRow.ended_at, SessionRow.expires_at))
    session.execute(delete(SessionRow).where(over < moment))

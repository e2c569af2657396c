"""SQL of authorization codes; the platform's, since who shows one names no tenant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from control_plane.models import AuthorizationCodeRow


def add(session: Session, row: AuthorizationCodeRow) -> None:
    """Insert a code."""
    session.add(row)


def take(session: Session, sha256: str, now: datetime) -> tuple[AuthorizationCodeRow | None, bool]:
    """The code's row, and whether this call used it up; of several calls at once exactly one did."""
    unused = update(AuthorizationCodeRow).where(
        AuthorizationCodeRow.sha256 == sha256, AuthorizationCodeRow.used_at.is_(None)
    )
    taken = session.execute(unused.values(used_at=now).returning(AuthorizationCodeRow)).scalar_one_or_none()
    if taken is not None:
        return taken, True
    known = select(AuthorizationCodeRow).where(AuthorizationCodeRow.sha256 == sha256)
    return session.scalars(known).one_or_none(), False


def forget_before(session: Session, moment: datetime) -> None:
    """Remove codes that expired before a moment."""
    session.execute(delete(AuthorizationCodeRow).where(AuthorizationCodeRow.expires_at < moment))

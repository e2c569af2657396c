"""SQL of attempts; the platform's alone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from control_plane.attempts.limits import Attempts
from control_plane.models import LoginAttemptsRow


def locked(session: Session, subject: str, now: datetime) -> Attempts:
    """A subject's attempts; until the transaction ends nobody else counts for it."""
    fresh = insert(LoginAttemptsRow).values(subject=subject, attempts=0, last_at=now)
    session.execute(fresh.on_conflict_do_nothing())
    row = session.execute(
        select(LoginAttemptsRow).where(LoginAttemptsRow.subject == subject).with_for_update()
    ).scalar_one()
    return Attempts(row.attempts, row.last_at, row.blocked_until)


def store(session: Session, subject: str, attempts: Attempts) -> None:
    """Replace what is known of a subject."""
    statement = update(LoginAttemptsRow).where(LoginAttemptsRow.subject == subject)
    session.execute(
        statement.values(
            attempts=attempts.count, last_at=attempts.last_at, blocked_until=attempts.blocked_until
        )
    )


def forget(session: Session, subject: str) -> None:
    """Begin at nought."""
    session.execute(delete(LoginAttemptsRow).where(LoginAttemptsRow.subject == subject))


def refund(session: Session, subject: str) -> None:
    """Take one attempt back, with the wait that it began."""
    statement = update(LoginAttemptsRow).where(LoginAttemptsRow.subject == subject)
    fewer = func.greatest(LoginAttemptsRow.attempts - 1, 0)
    session.execute(statement.values(attempts=fewer, blocked_until=None))


def forget_before(session: Session, moment: datetime) -> None:
    """Remove what nobody asks for any more."""
    session.execute(delete(LoginAttemptsRow).where(LoginAttemptsRow.last_at < moment))

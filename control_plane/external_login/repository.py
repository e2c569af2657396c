"""SQL of external identities and of browsers on their way; the platform's: nobody's tenant is known yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from control_plane.models import ExternalIdentityRow, ExternalLoginRow, PersonRow


def person_of(session: Session, issuer: str, subject: str) -> PersonRow | None:
    """Whose account it is that a provider's person logs in to."""
    statement = select(PersonRow).join(
        ExternalIdentityRow, ExternalIdentityRow.person_id == PersonRow.person_id
    )
    own = (ExternalIdentityRow.issuer == issuer, ExternalIdentityRow.subject == subject)
    return session.scalars(statement.where(*own)).one_or_none()


def connect(session: Session, issuer: str, subject: str, person_id: str) -> bool:
    """Have a provider's person log in to an account; False if they log in to one already."""
    statement = insert(ExternalIdentityRow).values(issuer=issuer, subject=subject, person_id=person_id)
    done = session.execute(statement.on_conflict_do_nothing().returning(ExternalIdentityRow.person_id))
    return done.scalar_one_or_none() is not None


def disconnect(session: Session, issuer: str, person_id: str) -> bool:
    """Have nobody of a provider log in to an account any more; False if nobody did."""
    statement = delete(ExternalIdentityRow).where(
        ExternalIdentityRow.issuer == issuer, ExternalIdentityRow.person_id == person_id
    )
    return session.execute(statement.returning(ExternalIdentityRow.person_id)).first() is not None


def send_off(session: Session, row: ExternalLoginRow) -> None:
    """Remember a browser that is sent to the provider, and forget those that never came back."""
    session.execute(delete(ExternalLoginRow).where(ExternalLoginRow.expires_at < row.created_at))
    session.add(row)


def take_back(
    session: Session, state_sha256: str, browser_sha256: str, now: datetime
) -> ExternalLoginRow | None:
    """The browser that was sent off with this state, if it is that one; of several calls one gets it."""
    statement = delete(ExternalLoginRow).where(
        ExternalLoginRow.state_sha256 == state_sha256,
        ExternalLoginRow.browser_sha256 == browser_sha256,
        ExternalLoginRow.expires_at > now,
    )
    return session.execute(statement.returning(ExternalLoginRow)).scalar_one_or_none()

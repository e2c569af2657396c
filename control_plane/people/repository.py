"""SQL of people. A person may belong to several tenants, so all of it is the platform's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from control_plane.models import MemberRow, PersonRow, TenantRow


def add(session: Session, row: PersonRow) -> bool:
    """Insert a person; False if the address is taken. Two callers at once: exactly one gets True."""
    statement = insert(PersonRow).values(
        person_id=row.person_id, email=row.email, name=row.name, password_hash=row.password_hash
    )
    done = session.execute(statement.on_conflict_do_nothing().returning(PersonRow.person_id))
    return done.scalar_one_or_none() is not None


def by_email(session: Session, email: str) -> PersonRow | None:
    """The person of an address, in lower case."""
    return session.scalars(select(PersonRow).where(PersonRow.email == email)).one_or_none()


def by_id(session: Session, person_id: str) -> PersonRow | None:
    """The person of an id."""
    return session.get(PersonRow, person_id)


def set_password(session: Session, person_id: str, password_hash: str) -> None:
    """Replace the hash of a person's password."""
    statement = update(PersonRow).where(PersonRow.person_id == person_id)
    session.execute(statement.values(password_hash=password_hash))


def memberships(session: Session, person_id: str) -> Sequence[Row[tuple[str, str, str]]]:
    """Tenant, its display name and the role, for each organisation that lets the person in; by name."""
    statement = (
        select(MemberRow.tenant_id, TenantRow.display_name, MemberRow.role)
        .join(TenantRow, TenantRow.tenant_id == MemberRow.tenant_id)
        .where(MemberRow.person_id == person_id, MemberRow.disabled_at.is_(None))
    )
    return session.execute(statement.order_by(MemberRow.tenant_id)).all()

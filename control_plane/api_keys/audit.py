"""What the audit log says of a new key."""

from __future__ import annotations

from sqlalchemy.orm import Session

from control_plane.audit.record import record
from recolake.audit.entry import Action, Actor, moment
from recolake.tenancy.api_keys import KeyRecord


def record_key(session: Session, key: KeyRecord, *, by: Actor | None = None) -> None:
    """Its id, scopes and expiry, in the transaction that makes it."""
    details = {
        "scopes": sorted(scope.value for scope in key.scopes),
        "expires_at": moment(key.expires_at) if key.expires_at else None,
    }
    record(session, key.tenant, Action.KEY_CREATED, key.key_id, by=by, details=details)

"""Write an act into the log in the very transaction that does it: either both are there, or neither."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from control_plane.audit import repository
from recolake.audit.actors import process_actor
from recolake.audit.entry import Act, Action, Actor, Detail
from recolake.audit.record import new_act_id
from recolake.tenancy.context import Tenant


def record(
    session: Session,
    tenant: Tenant,
    action: Action,
    target: str,
    *,
    by: Actor | None = None,
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Call it last in the transaction: other writers of the tenant's log wait from here to the commit.

    Args:
        target: id of what was acted on; nobody's id or pseudonym, nor words that somebody typed.
        by: who acts; default: who acts in this process.
    """
    now = datetime.now(UTC)
    act = Act(new_act_id(), now, by or process_actor(), action, target, details=details or {})
    repository.append(session, tenant, act, now)

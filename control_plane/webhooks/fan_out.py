"""From one notice to a delivery for each endpoint that wants it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from control_plane.webhooks import repository
from recolake.outbox.lines import Notice
from recolake.tenancy.context import Tenant


def publish(session: Session, tenant: Tenant, notice: Notice, now: datetime) -> int:
    """Put a notice on its way; gives to how many endpoints. One that is on its way already stays as it is."""
    # Held, or an endpoint that is removed meanwhile would have its delivery refused.
    held = repository.endpoints(session, tenant, hold=True)
    wanted = [each for each in held if notice.type in each.event_types]
    if not wanted or not repository.add_event(session, tenant, notice, now):
        return 0
    for endpoint in wanted:
        repository.add_delivery(session, tenant, notice.notice_id, endpoint.endpoint_id, now)
    return len(wanted)

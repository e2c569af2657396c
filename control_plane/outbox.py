"""From the outbox into PostgreSQL: acts into the audit log, notices to the webhooks, each once.

A segment is removed once what it holds is committed; whoever is killed in between is followed by one who
finds it there, as acts and notices have ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog
from filelock import FileLock
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from control_plane.audit import repository as audit
from control_plane.database import Database
from control_plane.webhooks import fan_out
from recolake.audit.entry import Act, Action, Outcome
from recolake.journal.segments import dispose, sealed_segments
from recolake.notices.tell import NoticeType
from recolake.outbox.lines import Begun, Ended, Notice, read_segment
from recolake.ranking.pointer import current_version
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_log = structlog.get_logger(__name__)


def ship_outbox(settings: Settings, database: Database) -> int:
    """Ship what is sealed; gives the number of acts and notices. Runs wait for each other.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer; what is left is shipped by the next run.
    """
    if not settings.outbox_root.is_dir():
        return 0
    settings.run_root.mkdir(parents=True, exist_ok=True)
    shipped = 0
    with FileLock(settings.run_root / "ship-outbox.lock"):
        for path in sealed_segments(settings.outbox_root):
            shipped += _ship(settings, database, path)
    return shipped


def _ship(settings: Settings, database: Database, path: Path) -> int:
    lines, unreadable = read_segment(path)
    try:
        shipped = _ship_lines(settings, database, lines)
    except (DataError, IntegrityError) as error:
        # It would be refused again and again, and hold up all that come behind it.
        _log.error("outbox_segment_refused", segment=path.name, error=type(error).__name__)
        dispose(path, aside=True)
        return 0
    if unreadable:
        _log.error("outbox_lines_unreadable", segment=path.name, lines=unreadable)
    dispose(path, aside=bool(unreadable))
    return shipped


def _ship_lines(settings: Settings, database: Database, lines: Sequence[Begun | Ended | Notice]) -> int:
    ended = {line.act_id: line for line in lines if isinstance(line, Ended)}
    done = [line for line in lines if not isinstance(line, Ended)]
    for line in done:
        tenant, now = Tenant(line.tenant_id), datetime.now(UTC)
        with database.transaction(tenant) as session:
            if isinstance(line, Notice):
                fan_out.publish(session, tenant, line, now)
            else:
                act = _act(settings, tenant, line, ended.get(line.act_id))
                # In this order: whoever changes an endpoint holds it first, and the log last.
                _tell(session, tenant, act, now)
                audit.append(session, tenant, act, now)
    return len(done)


def _tell(session: Session, tenant: Tenant, act: Act, now: datetime) -> None:
    """What the log says of a promotion is what webhooks hear of it, so that no kill in between loses it."""
    if act.action != Action.MODEL_PROMOTED or act.outcome is not Outcome.DONE:
        return
    notice = Notice(
        notice_id=f"msg_{act.act_id.removeprefix('act_')}",
        tenant_id=tenant.name,
        at=act.at,
        type=NoticeType.MODEL_PROMOTED,
        data={"model_version": act.target, "previous": act.details.get("previous")},
    )
    fan_out.publish(session, tenant, notice, now)


def _act(settings: Settings, tenant: Tenant, begun: Begun, ended: Ended | None) -> Act:
    outcome = ended.outcome if ended else Outcome.UNKNOWN
    served = (Action.MODEL_PROMOTED, Action.MODEL_ROLLED_BACK)
    unknown = outcome is Outcome.UNKNOWN and begun.action in served
    # Whoever was killed leaves the pointer, which says what came of it.
    if unknown and current_version(settings, tenant) == begun.target:
        outcome = Outcome.DONE
    more = ended.details if ended else {}
    details = {**begun.details, **more}
    return Act(begun.act_id, begun.at, begun.actor, begun.action, begun.target, outcome, details)

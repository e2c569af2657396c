"""Record an act that is done on files, Delta tables or MLflow: written down before it is done, and after.

There is no transaction across those and PostgreSQL. So the outbox has a line before the act, without which
it is not begun, and one after it; a doer that is killed in between leaves an act of unknown outcome.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from recolake.audit.actors import process_actor
from recolake.audit.entry import Action, Actor, Detail, Outcome
from recolake.errors import RecolakeError
from recolake.outbox.lines import Begun, Ended
from recolake.outbox.writer import segment
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_log = structlog.get_logger(__name__)


@contextmanager
def recorded(
    settings: Settings,
    tenant: Tenant,
    action: Action,
    target: str,
    *,
    by: Actor | None = None,
    details: Mapping[str, Detail] | None = None,
) -> Iterator[dict[str, Detail]]:
    """Put around the step that makes an act real, once nothing that can be foreseen stands against it.

    Args:
        target: id of what it is done to; nobody's id or pseudonym, nor words that somebody typed.
        by: who acts; default: who acts in this process.

    Yields:
        Details that are known only when it is done, for the caller to fill in.

    Raises:
        OSError: it cannot be written down, so it is not begun.
    """
    begun = Begun(
        act_id=new_act_id(),
        tenant_id=tenant.name,
        at=datetime.now(UTC),
        actor=by or process_actor(),
        action=action,
        target=target,
        details=dict(details or {}),
    )
    more: dict[str, Detail] = {}
    # Who is interrupted does not know whether it is done; neither does the log then.
    outcome = Outcome.UNKNOWN
    with segment(settings) as lines:
        lines.write(begun)
        try:
            yield more
            outcome = Outcome.DONE
        except RecolakeError as error:
            outcome, more["error"] = Outcome.FAILED, error.code
            raise
        except Exception as error:
            outcome, more["error"] = Outcome.FAILED, type(error).__name__
            raise
        finally:
            try:
                lines.write(Ended(act_id=begun.act_id, outcome=outcome, details=more))
            except OSError as error:
                # The act is done or not, whatever the log can say of it.
                _log.error("act_outcome_not_kept", act_id=begun.act_id, error=type(error).__name__)


def new_act_id() -> str:
    """128 random bits."""
    return f"act_{secrets.token_hex(16)}"

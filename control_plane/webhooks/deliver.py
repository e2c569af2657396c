"""Deliver what is due. Any number of processes may do so at once: an attempt is one process's alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import structlog

from control_plane.audit.record import record
from control_plane.database import Database
from control_plane.outbox import ship_outbox
from control_plane.webhooks import claims
from control_plane.webhooks.secrets import valid_secrets
from control_plane.webhooks.send import Answer, send
from recolake.audit.actors import SYSTEM
from recolake.audit.entry import Action
from recolake.errors import RecolakeError
from recolake.moments import Clock, utc_now
from recolake.settings import Settings

_AT_ONCE = 8
_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_LAST_WORDS_SECONDS = 5.0

Send = Callable[..., Answer]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Brings events to endpoints.

    Attributes:
        clock: UTC.
        post: delivers once.
    """

    settings: Settings
    database: Database
    clock: Clock = utc_now
    post: Send = send

    def deliver_due(self) -> int:
        """Make every attempt that is due now; gives how many.

        Killed anywhere, an attempt without an end stays in the log, and a minute later the next one is made,
        with the same `webhook-id`.

        Raises:
            ServiceUnavailableError: PostgreSQL does not answer.
        """
        made = 0
        while now := self.deliver_some():
            made += now
        return made

    def deliver_some(self) -> int:
        """Make some of the attempts that are due, at once; gives how many, 0 where none is.

        Raises:
            ServiceUnavailableError: PostgreSQL does not answer.
        """
        with self.database.platform() as session:
            claimed = claims.claim(session, self.clock(), _AT_ONCE)
        if not claimed:
            return 0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return len(list(pool.map(self._attempt, claimed)))

    def _attempt(self, claimed: claims.Claim) -> None:
        now = self.clock()
        tenant, endpoint = claimed.tenant, claimed.endpoint
        secrets = valid_secrets(self.settings, tenant, endpoint, now)
        loopback = self.settings.webhook_loopback
        answer = self.post(endpoint.url, claimed.message, secrets, now, loopback=loopback)
        with self.database.transaction(tenant) as session:
            why = claims.settle(session, claimed, answer, self.clock())
            if why is not None:
                record(
                    session,
                    tenant,
                    Action.WEBHOOK_DISABLED,
                    endpoint.endpoint_id,
                    by=SYSTEM,
                    details={"why": why},
                )


def run(deliverer: Deliverer, stop: threading.Event) -> None:
    """Ship the outbox and deliver, about every second, until told to stop; PostgreSQL may come and go."""
    pause = _PAUSE_SECONDS
    while not stop.wait(pause):
        try:
            # Between any two rounds of attempts: a slow receiver holds up nobody's log.
            ship_outbox(deliverer.settings, deliverer.database)
            pause = 0.0 if deliverer.deliver_some() else _PAUSE_SECONDS
        except RecolakeError as error:
            pause = min(max(pause, _PAUSE_SECONDS) * 2, _LONGEST_PAUSE_SECONDS)
            _log.warning("webhooks_wait", code=error.code, seconds=pause)
        except Exception as error:
            # A thread that ended would be missed by nobody.
            pause = min(max(pause, _PAUSE_SECONDS) * 2, _LONGEST_PAUSE_SECONDS)
            _log.error("webhooks_crashed", exc_info=error)


def start(settings: Settings, database: Database) -> Callable[[], None]:
    """The loop in a thread of its own; gives what ends it."""
    stop = threading.Event()
    loop = partial(run, Deliverer(settings, database), stop)
    thread = threading.Thread(target=loop, name="webhooks", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        # An attempt under way is made again by the next process, with the same `webhook-id`.
        thread.join(_LAST_WORDS_SECONDS)

    return end

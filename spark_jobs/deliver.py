"""From the spool to bronze, over and over: what the API acknowledged is in the lake within half a minute.

Where there is a Kafka, its messages come beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.kafka.client import is_configured
from recolake.settings import Settings
from recolake.spool.ship import ship_records
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from spark_jobs.kafka.consume import Consumer

EVERY_SECONDS = 2.0
Progress = Callable[[str], None]


@dataclass
class Delivery:
    """What came through: `records` were landed, of which rows were accepted, known already, or refused."""

    records: int = 0
    damaged: int = 0
    uploads: int = 0
    accepted: int = 0
    repeats: int = 0
    quarantined: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """By tenant why its uploads were not ingested; they wait in the landing zone."""
    messages: int = 0
    """Records that came by Kafka, in uploads of their own."""
    troubles: list[str] = field(default_factory=list)
    """What became of Kafka's stream, where it ended or was not to be had."""


class Courier:
    """Ships and ingests; who failed is tried again in the next round."""

    def __init__(self, settings: Settings, progress: Progress | None = None) -> None:
        self._settings = settings
        self._say = progress or (lambda _: None)
        self._due: set[Tenant] = set()
        self.done = Delivery()

    def round(self) -> None:
        """One round: what is sealed in the spool is landed, and what is landed ingested.

        Raises:
            ServiceUnavailableError: the engine does not answer; nothing is lost.
        """
        shipped = ship_records(self._settings, self._say)
        self.done.records += shipped.records
        self.done.damaged += shipped.damaged
        self.done.uploads += len(shipped.uploads)
        self._due.update(shipped.tenants)
        for tenant in sorted(self._due, key=str):
            self._ingest(tenant)

    def follow(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> Delivery:
        """Rounds for so long, each some seconds after the one before it; meanwhile, Kafka's stream."""
        until = clock() + seconds
        with ExitStack() as stack:
            stream = self._stream(stack) if seconds and is_configured(self._settings) else None
            while True:
                began = clock()
                self.round()
                if stream is not None:
                    stream.look()
                    self.done.messages = stream.done.rows["records"]
                    self.done.troubles = stream.done.troubles
                if clock() >= until:
                    return self.done
                time.sleep(max(0.0, min(began + EVERY_SECONDS, until) - clock()))

    def _stream(self, stack: ExitStack) -> Consumer | None:
        """Kafka's stream, started; None where that cannot be: the spool does not wait for it."""
        from spark_jobs.kafka.consume import Consumer

        try:
            return stack.enter_context(Consumer(self._settings, self._say))
        except RecolakeError as error:
            self.done.troubles.append(error.message)
            return None

    def _ingest(self, tenant: Tenant) -> None:
        # Who waits for records carries no engine.
        from spark_jobs.ingest import ingest_pending

        try:
            reports = ingest_pending(self._settings, tenant, progress=self._say)
        except ServiceUnavailableError:
            raise
        except RecolakeError as error:
            self.done.failed[tenant.name] = error.message
            return
        self._due.discard(tenant)
        self.done.failed.pop(tenant.name, None)
        for report in reports:
            self.done.accepted += report.accepted
            self.done.repeats += report.repeats
            self.done.quarantined += report.quarantined

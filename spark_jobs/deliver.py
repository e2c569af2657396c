"""From the spool to bronze, over and over: what the API acknowledged is in the lake within half a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.settings import Settings
from recolake.spool.ship import ship_records
from recolake.tenancy.context import Tenant

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
        """Rounds for so long, each some seconds after the one before it."""
        until = clock() + seconds
        while True:
            began = clock()
            self.round()
            if clock() >= until:
                return self.done
            time.sleep(max(0.0, min(began + EVERY_SECONDS, until) - clock()))

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

"""Where writes arrive: judged, encoded, kept, answered. Blocks on the disk, so call it from a thread."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from recolake.records.encode import Encoder
from recolake.records.kinds import Record
from recolake.tenancy.api_keys import KeyRecord
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import TenantKeys
from recolake.usage.journal import UsageJournal
from recolake.web.replays import Answer, Call, Replays
from serving.intake.bill import bill
from serving.metrics import Metrics

Work = Callable[[Encoder, bytes], tuple[Answer, Sequence[Record]]]
"""Judges a body: the answer, and the records that have to be kept before it may leave."""


def counted(metrics: Metrics) -> Callable[[int], None]:
    """Flushes a file to the disk, and counts it."""

    def sync(handle: int) -> None:
        os.fdatasync(handle)
        metrics.spool_syncs.inc()

    return sync


class Keeper(Protocol):
    """Keeps records; `recolake.spool.spool.Spool` is one."""

    def store(self, tenant: Tenant, records: Sequence[Record]) -> None:
        """When this returns, they outlive a power cut; raises OSError where they may not."""

    def tend(self) -> None:
        """Called every second."""

    def close(self) -> None:
        """Called last."""


class Desk:
    """Takes in what callers send."""

    def __init__(
        self,
        keeper: Keeper,
        replays: Replays,
        keys: TenantKeys,
        metrics: Metrics,
        journal: UsageJournal,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._keeper = keeper
        self._replays = replays
        self._keys = keys
        self._metrics = metrics
        self._journal = journal
        self._now = now
        # Two that are judged at once in one interpreter are both late; one after the other, only one is.
        self._turn = threading.Lock()

    def take(self, caller: KeyRecord, call: Call, work: Work) -> Answer:
        """The answer; all that it acknowledges is kept for good, and billed.

        Raises:
            InvalidInputError: nothing of it can be taken.
            PseudonymKeyError: the tenant's key is not there.
            OSError: it could not be kept.
        """
        return self._replays.answer(caller.tenant, call, lambda: self._work(caller, call, work))

    def _work(self, caller: KeyRecord, call: Call, work: Work) -> Answer:
        now = self._now()
        encoder = Encoder(caller.tenant, self._keys.of(caller.tenant), now)
        with self._turn:
            answer, records = work(encoder, call.body)
        self._keeper.store(caller.tenant, records)
        counts = Counter(record.kind for record in records)
        for kind, count in counts.items():
            self._metrics.records.labels(kind.value).inc(count)
        for line in bill(caller, call, answer, counts, now):
            self._journal.meter(line)
        return answer

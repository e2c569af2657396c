"""The usage journal: what was answered is written down before the answer leaves.

Each process appends to segments of its own. A line is handed to the operating system in one write, so it
survives `kill -9`; it is on the disk about a second later.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from recolake.journal.writer import SegmentWriter
from recolake.limits.plans import Kind
from recolake.usage.meter import MeterRecord
from recolake.usage.record import UsageRecord
from recolake.usage.tally import Tally, current_tally

_MOST_BYTES = 8 << 20
_MOST_SECONDS = 60.0


class UsageJournal:
    """Appends usage records; safe to share between threads.

    Args:
        folder: made if it is not there.
        environment: where it was answered, written into each line.
        clock: seconds that only grow.
    """

    def __init__(
        self, folder: Path, environment: str = "live", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._environment = environment
        self._writer = SegmentWriter(folder, most_bytes=_MOST_BYTES, most_seconds=_MOST_SECONDS, clock=clock)

    def append(self, record: UsageRecord) -> None:
        """Write one record; when this returns, a crash of this process does not lose it.

        Raises:
            OSError: it could not be written whole (the disk is full, say); nothing of it is left.
        """
        self.append_all([record])

    def append_all(self, records: Sequence[UsageRecord]) -> None:
        """The same of several: all of them, or none."""
        tally = current_tally.get() or Tally()
        names = tally.next_ids(len(records))
        written = [
            record.model_copy(update={"usage_id": name, "environment": self._environment})
            for record, name in zip(records, names, strict=True)
        ]
        self._writer.append(b"".join(record.to_line() for record in written))
        for record in written:
            tally.note(record.tenant_id, record.billed_as, Kind.REQUESTS.value, record.units)

    def meter(self, record: MeterRecord) -> None:
        """Write what is billed of a call that is no recommendation; as `append` does.

        Raises:
            OSError: it could not be written whole; nothing of it is left.
        """
        self._writer.append(record.model_copy(update={"environment": self._environment}).to_line())
        tally = current_tally.get() or Tally()
        tally.note(record.tenant_id, record.usage_id, record.kind.value, record.units)

    def tend(self) -> None:
        """Bring lines to the disk, and seal a segment old enough to be shipped; call it every second."""
        self._writer.tend()

    def close(self) -> None:
        """Seal what there is."""
        self._writer.close()

"""Writing to the spool: when `store` returns, the records are on the disk."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from recolake.journal.writer import SegmentWriter
from recolake.records.kinds import Record
from recolake.spool.frames import Frame, encode
from recolake.tenancy.context import Tenant

_MOST_BYTES = 32 << 20
_MOST_SECONDS = 4.0
"""Records wait so long for their segment to be sealed, at most and about a second more."""


class Spool:
    """Takes records from the threads of one process; processes have segments of their own.

    Args:
        folder: made if it is not there.
        clock: seconds that only grow.
        sync: brings a file to the disk.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        sync: Callable[[int], None] = os.fdatasync,
    ) -> None:
        self._writer = SegmentWriter(
            folder, most_bytes=_MOST_BYTES, most_seconds=_MOST_SECONDS, clock=clock, sync=sync
        )

    def store(self, tenant: Tenant, records: Sequence[Record]) -> None:
        """Keep records, all of them or none; when this returns, a power cut does not lose them.

        Raises:
            OSError: they are not kept (the disk is full, say), or nobody knows whether; send them again.
        """
        if records:
            self._writer.commit(self._writer.append(encode(Frame(tenant, records))))

    def tend(self) -> None:
        """Seal a segment that is old enough to be shipped; call it every second."""
        self._writer.tend()

    def close(self) -> None:
        """Seal what there is."""
        self._writer.close()

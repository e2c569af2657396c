"""Writing into the outbox: a segment of its own for each thing, so that the shipper sees at once who is done.

A segment is locked by its writer. Whoever is killed leaves an open one without a lock, which the shipper
seals; so an act that was begun and never ended is told as what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from recolake.journal.writer import SegmentWriter
from recolake.outbox.lines import Begun, Ended, Notice
from recolake.settings import Settings

_MOST_BYTES = 1 << 20


class Segment:
    """An open segment."""

    def __init__(self, writer: SegmentWriter) -> None:
        self._writer = writer

    def write(self, line: Begun | Ended | Notice) -> None:
        """When this returns, a power cut does not lose the line.

        Raises:
            OSError: it is not kept.
        """
        self._writer.commit(self._writer.append(line.to_line()))


@contextmanager
def segment(settings: Settings) -> Iterator[Segment]:
    """A new segment; sealed at the end, whatever happens."""
    writer = SegmentWriter(settings.outbox_root, most_bytes=_MOST_BYTES, most_seconds=0)
    try:
        yield Segment(writer)
    finally:
        writer.close()

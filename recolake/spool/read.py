"""Reading a sealed segment of the spool: whole, undamaged frames alone."""

from __future__ import annotations

from pathlib import Path

from recolake.journal.segments import whole_lines
from recolake.spool.frames import Frame, decode


def read_segment(path: Path) -> tuple[list[Frame], int]:
    """Frames of a segment in the order in which they came, and the number of damaged lines."""
    frames = [decode(line) for line in whole_lines(path)]
    good = [frame for frame in frames if frame is not None]
    return good, len(frames) - len(good)

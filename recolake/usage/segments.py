"""Reading a sealed segment of the usage journal: whole lines alone."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from recolake.journal.segments import whole_lines
from recolake.usage.record import UsageRecord


def read_segment(path: Path) -> tuple[list[UsageRecord], int]:
    """Records of a segment, and the number of lines that cannot be read."""
    records, unreadable = [], 0
    for line in whole_lines(path):
        try:
            records.append(UsageRecord.model_validate_json(line))
        except ValidationError:
            unreadable += 1
    return records, unreadable

"""Reading a sealed segment of the usage journal: whole lines alone."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from recolake.journal.segments import whole_lines
from recolake.usage.meter import MeterRecord, billed
from recolake.usage.record import UsageRecord

_METER_MARK = b'{"usage_id":'
"""What a line of a `MeterRecord` begins with; those of answers begin with their tenant."""


def read_segment(path: Path) -> tuple[list[UsageRecord], int]:
    """Answers that a segment records, and the number of lines that cannot be read."""
    records, unreadable = [], 0
    for line in whole_lines(path):
        if line.startswith(_METER_MARK):
            continue  # Of what was taken in, not of an answer; it is billed, not in the lake.
        try:
            records.append(UsageRecord.model_validate_json(line))
        except ValidationError:
            unreadable += 1
    return records, unreadable


def read_meter(path: Path) -> tuple[list[MeterRecord], int]:
    """What a segment, or a bill of one, says is billed; and the number of lines that cannot be read."""
    records, unreadable = [], 0
    for line in whole_lines(path):
        try:
            if line.startswith(_METER_MARK):
                records.append(MeterRecord.model_validate_json(line))
            else:
                records.append(billed(UsageRecord.model_validate_json(line)))
        except ValidationError:
            unreadable += 1
    return records, unreadable

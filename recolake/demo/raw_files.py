"""A bounded look into landed raw files: cut as ingestion cuts them, and addressed by column name."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from recolake.contracts.csv_text import CsvFormat, cut, is_clean, open_text
from recolake.contracts.source import Source

# One record's cells under the asked columns; an empty cell is None.
Cells = tuple[str | None, ...]


def count_cells(
    files: Iterable[Path], form: CsvFormat, columns: Sequence[str], *, most_rows: int
) -> Counter[Cells]:
    """How often each combination of cells stands under these columns, in the first `most_rows` records.

    Each file has its columns in an order of its own. Records that ingestion would call malformed are left
    out.
    """
    records = (cells for path in files for cells in _cells(path, form, columns))
    return Counter(islice(records, most_rows))


def _cells(path: Path, form: CsvFormat, columns: Sequence[str]) -> Iterator[Cells]:
    with Source(path) as source, open_text(source, form.encoding) as text:
        reader = cut(text, form)
        header = next(_records(reader), None)
        if header is None:
            return
        places = [header.index(column) for column in columns]
        held: Cells | None = None
        for record in _records(reader):
            if len(record) == len(header) and all(map(is_clean, record)):
                if held is not None:
                    yield held
                held = tuple(record[place] or None for place in places)
        # What a broken archive ends with may be half a record.
        if held is not None and not source.broken:
            yield held


def _records(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Records that can be cut, blank lines left out."""
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
        if record:
            yield record

"""Raw files to rows, CSV first: every record with the line on which it begins, whatever state the file is in.

Plain Python, so that quoting, encodings and broken files are handled exactly; it runs in Spark's workers, a
file at a time, and never holds more than a batch of rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recolake.contracts.csv_text import CsvFormat, cut, is_clean, open_text
from recolake.contracts.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

MALFORMED = "malformed_record"
TRUNCATED = "file_truncated"
FILE, LINE, PROBLEM, BROKEN_TEXT = "source_file", "source_line", "problem", "broken_text"
_ROWS_A_BATCH = 10_000
# A record longer than this is taken for one whose quote was never closed.
_LONGEST_RECORD = 1 << 20
_ENDS = ("\n", "\r")
_UNREADABLE = str.maketrans({"\0": "\ufffd", **{chr(c): "\ufffd" for c in range(0xD800, 0xE000)}})


@dataclass(frozen=True, slots=True)
class RawFile:
    """A landed file: its name in the upload, where it lies, its hash, and its header."""

    name: str
    path: str
    sha256: str
    header: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file.

    `cells` are its fields by position. Where `problem` is set there are none, as they cannot be trusted to
    stand under their columns; `broken_text` has the record, for recognising it again, never for storing it.
    """

    line: int
    cells: Sequence[str] = ()
    problem: str | None = None
    broken_text: str | None = None


Reader = Callable[[RawFile], Iterator[Record]]
"""Reads the records of one file: a function a format, so that all formats share what comes after."""


def read_records(file: RawFile, form: CsvFormat) -> Iterator[Record]:
    """Records of one CSV file, after its header if it has one.

    A record with too few or too many fields, a stray quote, NUL, or bytes that are not of the encoding, is
    malformed. A compressed file that breaks off ends in one truncated record.

    Raises:
        OSError: the disk cannot be read; what came so far is not the whole file.
    """
    with Source(Path(file.path)) as source, open_text(source, form.encoding) as text:
        lines = _Lines(text)
        held: Record | None = None
        for record in _records(lines, form, len(file.header)):
            if held is not None:
                yield held
            held = record
        if not source.broken:
            if held is not None:
                yield held
            return
        # What the last line holds of a record is all there is of it, so that it cannot count as one.
        half = held is not None and not lines.last.endswith(_ENDS)
        if held is not None and not half:
            yield held
        line = held.line if held is not None and half else lines.count + 1
        # Two files that break off at the same words are still two breaks.
        yield Record(line, (), TRUNCATED, f"{file.sha256}:{line}")


def _records(lines: _Lines, form: CsvFormat, width: int) -> Iterator[Record]:
    reader = cut(lines, form)
    header_seen = not form.header
    while True:
        start = lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # The rest of what the open quote swallowed is read again as records of its own.
            yield Record(start, (), MALFORMED, lines.give_back().translate(_UNREADABLE))
            continue
        if not cells:
            continue
        if not header_seen:
            header_seen = True
        elif len(cells) == width and lines.clean:
            yield Record(start, cells)
        else:
            yield Record(start, (), MALFORMED, form.delimiter.join(cells).translate(_UNREADABLE))


class _Lines:
    """Iterates over physical lines, counts them, and can take back the current record's but the first."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._again: list[str] = []
        self._current: list[str] = []
        self._length = 0
        self.count = 0
        self.last = ""
        self.clean = True

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._length > _LONGEST_RECORD:
            raise csv.Error("the record does not end")
        again = bool(self._again)
        line = self._again.pop() if again else self._text.readline(_LONGEST_RECORD + 1)
        if not line:
            raise StopIteration
        self._current.append(line)
        self._length += len(line)
        self.count += 1
        self.last = line
        if not is_clean(line):
            self.clean = False
        if len(line) > _LONGEST_RECORD and not line.endswith(_ENDS):
            if not again:
                self._skip_line()
            raise csv.Error("the line does not end")
        return line

    def _skip_line(self) -> None:
        """Leave the rest of a line that is too long for a record, without holding it."""
        while (rest := self._text.readline(_LONGEST_RECORD)) and not rest.endswith(_ENDS):
            pass
        self.last = rest or self.last

    def begin_record(self) -> int:
        """Number of the line on which the next record begins."""
        self._current.clear()
        self._length = 0
        self.clean = True
        return self.count + 1

    def give_back(self) -> str:
        """The current record's first line; its others will come again."""
        first, *others = self._current or [""]
        self._again.extend(reversed(others))
        self.count -= len(others)
        self.last = first
        return first


def parser(
    read: Reader, shares: Sequence[Sequence[RawFile]], columns: Mapping[str, str]
) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """A `mapInArrow` function: numbers of shares in; out, the rows of their files.

    Args:
        read: gives the records of a file of the upload's format.
        columns: which columns of the files to give, and under which names; empty cells are NULL.
    """

    def parse(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for share in batch.column(0).to_pylist():
                for file in shares[share]:
                    yield from _batches(file, read, columns)

    return parse


def _batches(file: RawFile, read: Reader, columns: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    pending: list[Record] = []
    for record in read(file):
        pending.append(record)
        if len(pending) == _ROWS_A_BATCH:
            yield _to_arrow(file, pending, columns)
            pending = []
    if pending:
        yield _to_arrow(file, pending, columns)


def _to_arrow(file: RawFile, records: list[Record], columns: Mapping[str, str]) -> pa.RecordBatch:
    import pyarrow as pa

    nothing = ("",) * len(file.header)
    cells = list(zip(*(record.cells or nothing for record in records), strict=True))
    arrays = {
        FILE: pa.array([file.name] * len(records), pa.string()),
        LINE: pa.array([record.line for record in records], pa.int64()),
        PROBLEM: pa.array([record.problem for record in records], pa.string()),
        BROKEN_TEXT: pa.array([record.broken_text for record in records], pa.string()),
    }
    for column, name in columns.items():
        arrays[name] = pa.array([cell or None for cell in cells[file.header.index(column)]], pa.string())
    return pa.RecordBatch.from_pydict(arrays)

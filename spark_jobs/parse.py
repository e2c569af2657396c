"""Raw CSV files to rows: every record with the line on which it begins, whatever state the file is in.

Plain Python, so that quoting, encodings and broken files are handled exactly; it runs in Spark's workers, a file at a time,
and never holds more than a batch of rows.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from recolake.contracts.mapping import CsvFormat

if TYPE_CHECKING:
    import pyarrow as pa
    from _typeshed import WriteableBuffer

MALFORMED = "malformed_record"
TRUNCATED = "file_truncated"
FILE, LINE, PROBLEM, BROKEN_TEXT = "_file", "_line", "_problem", "_broken_text"
_ROWS_A_BATCH = 10_000
_LONGEST_FIELD = 1 << 17
_UNREADABLE = str.maketrans({"\0": "\ufffd", **{chr(c): "\ufffd" for c in range(0xD800, 0xE000)}})


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file.

    `cells` are its fields by position; where `problem` is set they cannot be trusted to stand under their columns, and
    `broken_text` holds the record for recognising it again (never for storing it).
    """

    line: int
    cells: tuple[str, ...]
    problem: str | None = None
    broken_text: str | None = None


def read_records(path: Path, form: CsvFormat, width: int) -> Iterator[Record]:
    """Records of one CSV file after its header; `width` is the number of columns in the header.

    A record with too few or too many fields, with bytes that are not of the encoding, or with NUL is `malformed_record`. A
    file that breaks off (gzip) ends in one `file_truncated` record.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    source = _Source(path)
    with io.TextIOWrapper(
        io.BufferedReader(source), encoding=form.encoding, errors="surrogateescape", newline=""
    ) as text:
        lines = _Lines(text)
        held: Record | None = None
        for record in _records(lines, form, width):
            if held is not None:
                yield held
            held = record
        if not source.broken:
            if held is not None:
                yield held
        elif held is not None and not lines.last.endswith(("\n", "\r")):
            yield _broken(held.line, TRUNCATED, "\x1f".join(held.cells))
        else:
            if held is not None:
                yield held
            yield _broken(lines.count + 1, TRUNCATED, f"after line {lines.count}")


def _records(lines: _Lines, form: CsvFormat, width: int) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, strict=True)
    header_seen = False
    while True:
        lines.begin_record()
        start = lines.count + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # A quote that never closes, or closes in a later record: only its first line is lost, the others are read again.
            first = lines.keep_first()
            reader = csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, strict=True)
            yield _broken(start, MALFORMED, f"{error}\x1f{first}")
            continue
        if not cells:
            continue
        if not header_seen:
            header_seen = True
            continue
        joined = "\x1f".join(cells)
        if len(cells) != width or "\0" in joined or not (joined.isascii() or _is_text(joined)):
            yield _broken(start, MALFORMED, joined)
        else:
            yield Record(start, tuple(cells))


def _is_text(text: str) -> bool:
    """Whether the decoder found no byte that is not of the encoding (`surrogateescape` leaves lone surrogates)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _broken(line: int, problem: str, text: str) -> Record:
    return Record(line, (), problem, text.translate(_UNREADABLE))


class _Lines:
    """Iterates over physical lines, counts them and remembers the last; lines of a bad record can be read again."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._record: list[str] = []
        self.count = 0
        self.last = ""

    def begin_record(self) -> None:
        self._record.clear()

    def keep_first(self) -> str:
        """Give back all lines of the record but its first, which is returned."""
        first, *others = self._record
        self._again.extendleft(reversed(others))
        self.count -= len(others)
        self._record.clear()
        return first

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self._record.append(line)
        self.count += 1
        self.last = line
        return line


class _Source(io.RawIOBase):
    """Bytes of a file, unpacked if it is gzip; a gzip stream that breaks off ends there, and `broken` tells."""

    def __init__(self, path: Path) -> None:
        self.broken = False
        raw = path.open("rb")
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        self._stream = cast("io.BufferedIOBase", gzip.GzipFile(fileobj=raw)) if packed else raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        try:
            chunk = self._stream.read(len(view))
        except (EOFError, OSError, zlib.error):
            self.broken = True
            return 0
        view[: len(chunk)] = chunk
        return len(chunk)


def arrow_schema(columns: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    fields = [(FILE, pa.string()), (LINE, pa.int64()), (PROBLEM, pa.string()), (BROKEN_TEXT, pa.string())]
    return pa.schema([*fields, *((name, pa.string()) for name in columns)])


def spark_schema(columns: Sequence[str]) -> str:
    quoted = ", ".join(f"`{name.replace('`', '``')}` string" for name in columns)
    return f"{FILE} string, {LINE} bigint, {PROBLEM} string, {BROKEN_TEXT} string, {quoted}"


def parser(
    form: CsvFormat, headers: Mapping[str, Sequence[str]], columns: Sequence[str]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A `mapInArrow` function: rows (name, path) of files in, rows of `spark_schema(columns)` out; empty cells are NULL."""

    def parse(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for row in batch.to_pylist():
                yield from _batches(row["name"], Path(row["path"]), form, headers[row["name"]], columns)

    return parse


def _batches(
    name: str, path: Path, form: CsvFormat, header: Sequence[str], columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    place = {column: header.index(column) for column in columns if column in header}
    pending: list[Record] = []
    for record in read_records(path, form, len(header)):
        pending.append(record)
        if len(pending) == _ROWS_A_BATCH:
            yield _to_arrow(name, pending, place, columns)
            pending = []
    if pending:
        yield _to_arrow(name, pending, place, columns)


def _to_arrow(name: str, records: list[Record], place: Mapping[str, int], columns: Sequence[str]) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = [
        pa.array([name] * len(records), pa.string()),
        pa.array([r.line for r in records], pa.int64()),
        pa.array([r.problem for r in records], pa.string()),
        pa.array([r.broken_text for r in records], pa.string()),
    ]
    for column in columns:
        at = place.get(column)
        cells = [(r.cells[at] or None) if at is not None and r.cells else None for r in records]
        arrays.append(pa.array(cells, pa.string()))
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(columns))

"""Take lines out of a raw file and leave their places: every other line keeps the number that bronze knows
it by.

A line becomes an empty one, which all readers pass over; a row of Parquet becomes one of nulls. A packed
file is packed again the way it was.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import zstandard

from recolake.contracts.csv_text import CsvFormat, detect_encoding
from recolake.contracts.formats import JsonlFormat, ParquetFormat, RawFormat
from recolake.contracts.source import GZIP_MAGIC, ZSTANDARD_MAGIC, Source

if TYPE_CHECKING:
    import pyarrow as pa

_ENDS = ("\r\n", "\n", "\r")
_CHUNK = 1 << 16


def redact(path: Path, form: RawFormat, lines: Collection[int]) -> None:
    """Empty these lines (rows of Parquet, counted from 1) of a file, in one atomic replacement.

    Raises:
        OSError: the file cannot be read or written; it is as it was.
        pyarrow.ArrowInvalid: a Parquet file is damaged; it is as it was.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".redacted-")
    os.close(handle)
    beside = Path(temporary)
    try:
        if isinstance(form, ParquetFormat):
            _redact_rows(path, beside, lines)
        else:
            _redact_lines(path, beside, form, lines)
        beside.chmod(path.stat().st_mode & 0o777)
        with beside.open("rb") as written:
            os.fsync(written.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _redact_lines(path: Path, target: Path, form: CsvFormat | JsonlFormat, lines: Collection[int]) -> None:
    with path.open("rb") as packed:
        magic = packed.read(4)
    with Source(path) as source, _packing(target, magic) as out:
        beginning = source.beginning()
        encoding = detect_encoding(beginning, form.encoding) if isinstance(form, CsvFormat) else "utf-8"
        stream = io.BufferedReader(cast(io.RawIOBase, source), _CHUNK)
        if "16" in encoding or "32" in encoding:
            out.write(_redacted_text(stream.read(), encoding, lines))
            return
        split = _lines_of_csv if isinstance(form, CsvFormat) else _lines_of_json
        for number, line in enumerate(split(stream), 1):
            out.write(_end_of(line) if number in lines else line)


def _redacted_text(content: bytes, encoding: str, lines: Collection[int]) -> bytes:
    """Of an encoding in which a line's end is more than one byte; a mark of the byte order stays."""
    order = next((m for m in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) if content.startswith(m)), b"")
    exact = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(order, encoding)
    text = content[len(order) :].decode(exact, "surrogatepass")
    kept = (
        _text_end(line) if number in lines else line
        for number, line in enumerate(io.StringIO(text, newline=""), 1)
    )
    return order + "".join(kept).encode(exact, "surrogatepass")


def _text_end(line: str) -> str:
    return next((end for end in _ENDS if line.endswith(end)), "")


def _lines_of_csv(stream: BinaryIO | io.BufferedReader) -> Iterator[bytes]:
    """As Python's text files end lines: by LF, CR or both."""
    for piece in stream:
        yield from piece.splitlines(keepends=True)


def _lines_of_json(stream: BinaryIO | io.BufferedReader) -> Iterator[bytes]:
    yield from stream


def _end_of(line: bytes) -> bytes:
    return next((end.encode() for end in _ENDS if line.endswith(end.encode())), b"")


@contextmanager
def _packing(target: Path, magic: bytes) -> Iterator[BinaryIO]:
    with target.open("wb") as plain:
        if magic.startswith(GZIP_MAGIC):
            with gzip.GzipFile(fileobj=plain, mode="wb", mtime=0) as packed:
                yield cast(BinaryIO, packed)
        elif magic == ZSTANDARD_MAGIC:
            with zstandard.ZstdCompressor().stream_writer(plain, closefd=False) as frame:
                yield cast(BinaryIO, frame)
        else:
            yield plain


def _redact_rows(path: Path, target: Path, rows: Collection[int]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as opened:
        schema = opened.schema_arrow
        # A dictionary would keep the values that no row has any more.
        plain = [field.with_type(_plain(field.type)).with_nullable(True) for field in schema]
        nullable = pa.schema(plain, metadata=schema.metadata)
        first = opened.metadata.row_group(0).column(0) if opened.num_row_groups and len(schema) else None
        codec = first.compression.lower() if first is not None else "snappy"
        codec = "none" if codec == "uncompressed" else codec
        before = 0
        with pq.ParquetWriter(target, nullable, compression=codec) as writer:
            for group in range(opened.num_row_groups):
                table = opened.read_row_group(group)
                writer.write_table(_with_nulls(table, nullable, _within(rows, before, table.num_rows)))
                before += table.num_rows


def _plain(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _within(rows: Collection[int], before: int, count: int) -> list[int]:
    return sorted(number - before - 1 for number in rows if before < number <= before + count)


def _with_nulls(table: pa.Table, schema: pa.Schema, rows: Iterable[int]) -> pa.Table:
    """The table without the values of these rows: taken at a null index, a value of any type is null."""
    import numpy as np
    import pyarrow as pa

    gone = np.zeros(table.num_rows, dtype=bool)
    gone[list(rows)] = True
    indices = pa.array(np.arange(table.num_rows), mask=gone)
    columns = (
        column.cast(kind) if column.type != kind else column
        for column, kind in zip(table.columns, schema.types, strict=True)
    )
    return pa.table([column.take(indices) for column in columns], schema=schema)

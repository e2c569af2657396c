"""Parquet to rows of texts: every row with its number, a part of the file at a time.

Plain Python over pyarrow, as `spark_jobs.parse` is, and run in the same places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from recolake.contracts.csv_text import is_clean
from recolake.contracts.members import to_text
from spark_jobs.parse import MALFORMED, RawFile, Record

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_A_BATCH = 10_000


def read_rows(file: RawFile) -> Iterator[Record]:
    """Records of one Parquet file: cells are the columns, or fields of structs, that `file.header` names.

    Cells are texts: numbers and times in their usual form (times with a zone in UTC, with a Z),
    booleans as `true`, `false`, lists and structs as JSON, null as an empty text. `line` is the number of the
    row, from 1. A row that has NUL or bytes that are not UTF-8 is malformed, and so is every row of a group
    that is damaged.

    Raises:
        OSError: the disk cannot be read; what came so far is not the whole file.
        pyarrow.ArrowInvalid: the file's own directory, which was whole when it was landed, is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    tops = {name: _top(name) for name in file.header}
    with pq.ParquetFile(file.path) as opened:
        there = set(opened.schema_arrow.names)
        wanted = sorted({name if name in there else tops[name] for name in file.header})
        before = 0
        for group in range(opened.num_row_groups):
            rows = opened.metadata.row_group(group).num_rows
            seen = 0
            try:
                for batch in opened.iter_batches(_ROWS_A_BATCH, row_groups=[group], columns=wanted):
                    yield from _records(file, batch, before + seen)
                    seen += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                if getattr(error, "errno", None):
                    raise
                for number in range(before + seen + 1, before + rows + 1):
                    # Two files that are damaged at the same row are still two rows.
                    yield Record(number, (), MALFORMED, f"{file.sha256}:{number}")
            before += rows


def _top(name: str) -> str:
    return name.partition(".")[0]


def _records(file: RawFile, batch: pa.RecordBatch, before: int) -> Iterator[Record]:
    columns = [_texts(_column(batch, name)) for name in file.header]
    for number, cells in enumerate(zip(*columns, strict=True), before + 1):
        if all(cell is not None and is_clean(cell) for cell in cells):
            yield Record(number, cells)
        else:
            yield Record(number, (), MALFORMED, f"{file.sha256}:{number}")


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    import pyarrow.compute as pc

    if name in batch.schema.names:
        return batch.column(name)
    top, *path = name.split(".")
    return pc.struct_field(batch.column(top), path)


def _texts(column: pa.Array) -> Sequence[str | None]:
    """The cells of a column as texts; None for one that is no text."""
    import pyarrow as pa
    import pyarrow.types as types

    kind = column.type
    if types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if types.is_string(kind) or types.is_large_string(kind):
        column, kind = column.cast(pa.large_binary()), pa.large_binary()
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return [_decoded(value) for value in column.to_pylist()]
    if types.is_nested(kind):
        return [to_text(_plain(value)) for value in column.to_pylist()]
    return [value or "" for value in column.cast(pa.string()).to_pylist()]


def _decoded(value: bytes | None) -> str | None:
    try:
        return "" if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _plain(value: Any) -> Any:
    """A nested value in terms of JSON: what JSON has no word for is written as text."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)

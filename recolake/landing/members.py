"""Columns of files that are not text in columns: JSON Lines and Parquet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from recolake.contracts.formats import JsonlFormat, ParquetFormat
from recolake.contracts.members import member, parse_object
from recolake.contracts.source import Source
from recolake.errors import UploadError
from recolake.landing.gather import RawInput, readable
from recolake.landing.refusals import empty, not_of, refuse_other_formats, refuse_width

if TYPE_CHECKING:
    import pyarrow as pa

_LONGEST_LINE = 4 << 20
_LINES_LOOKED_AT = 100


def check_members(file: RawInput, columns: tuple[str, ...]) -> None:
    """The first lines are objects, some of them, and each column is in one of them, or none can be."""
    form = JsonlFormat()
    found: set[str] = set()
    objects = lines = 0
    with readable(file.path):
        refuse_other_formats(file.path, form, file.name)
        with Source(file.path) as source, io.BufferedReader(source, 1 << 16) as stream:
            while lines < _LINES_LOOKED_AT and (line := stream.readline(_LONGEST_LINE)):
                if not line.strip():
                    continue
                lines += 1
                said = parse_object(line)
                objects += said is not None
                found.update(name for name in columns if said and member(said, name) is not None)
    if source.broken and not lines:
        raise not_of(form, file.name, "it is a broken gzip or zstandard file")
    if not lines:
        raise empty(file.name)
    if not objects:
        raise not_of(form, file.name, "none of its first lines is a JSON object")
    if not found:
        raise UploadError(
            f"The first objects of '{file.name}' have none of the mapping's columns.",
            hint=f"The mapping's columns are: {', '.join(columns)}.",
            field="files",
        )


def schema_names(file: RawInput) -> tuple[str, ...]:
    """Columns of a Parquet file, and fields of its structs by a path with dots."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    form = ParquetFormat()
    with readable(file.path):
        if not file.path.stat().st_size:
            raise empty(file.name)
        with file.path.open("rb") as stream:
            if stream.read(4) != b"PAR1":
                raise not_of(form, file.name, "it does not begin as Parquet does")
    try:
        schema = pq.read_schema(file.path)
    except (pa.ArrowException, OSError) as error:
        raise not_of(form, file.name, "it is broken or cut off") from error
    names = tuple(name for field in schema for name in _paths(field, ""))
    refuse_width(file.name, len(names))
    return names


def _paths(field: pa.Field, before: str) -> list[str]:
    import pyarrow.types as types

    name = f"{before}{field.name}"
    inner = list(field.type) if types.is_struct(field.type) else []
    return [name, *(path for one in inner for path in _paths(one, f"{name}."))]

"""A first look at a raw file: is it there, does it fit the mapping's format, what are its columns?"""

from __future__ import annotations

from recolake.contracts.csv_text import CsvFormat
from recolake.contracts.formats import JsonlFormat, ParquetFormat
from recolake.contracts.mapping import EventMapping
from recolake.landing.gather import RawInput
from recolake.landing.header import check_width, read_header
from recolake.landing.members import check_members, schema_names


def read_columns(file: RawInput, mapping: EventMapping) -> tuple[str, ...]:
    """The names under which the fields of a file's records stand, in order.

    Only what describes the file is judged here: what is wrong with single rows is for the quarantine.

    Raises:
        UploadError: the file cannot be read, is empty, is not of the mapping's format, or lacks columns.
    """
    match mapping.format:
        case CsvFormat(header=True):
            columns = read_header(file.path, mapping.format, file.name)
            mapping.check_header(columns, file.name)
            return columns
        case CsvFormat():
            check_width(file, mapping.format, mapping.columns)
            return mapping.columns
        case JsonlFormat():
            check_members(file, mapping.columns)
            return mapping.columns
        case ParquetFormat():
            columns = schema_names(file)
            mapping.check_header(columns, file.name)
            return mapping.columns

"""Which reader reads files of a format."""

from __future__ import annotations

from functools import partial

from recolake.contracts.csv_text import CsvFormat
from recolake.contracts.formats import JsonlFormat, ParquetFormat, RawFormat
from spark_jobs.jsonl import read_lines
from spark_jobs.parquet import read_rows
from spark_jobs.parse import Reader, read_records


def reader_of(form: RawFormat) -> Reader:
    """Gives the records of a file of this format."""
    match form:
        case CsvFormat():
            return partial(read_records, form=form)
        case JsonlFormat():
            return read_lines
        case ParquetFormat():
            return read_rows

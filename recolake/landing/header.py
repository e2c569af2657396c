"""The header of a CSV file, or its first record where it has none."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from recolake.contracts.csv_text import CsvFormat, cut, detect_encoding, is_clean, open_text
from recolake.contracts.formats import name_of
from recolake.contracts.source import Source
from recolake.errors import UploadError
from recolake.landing.gather import RawInput, readable
from recolake.landing.refusals import (
    UploadTooLargeError,
    empty,
    not_of,
    refuse_other_formats,
    refuse_width,
)

_LONGEST_HEADER = 1 << 18


def read_header(path: Path, form: CsvFormat, name: str | None = None) -> tuple[str, ...]:
    """Column names of a CSV file, plain or packed.

    Args:
        name: what the file is called in messages, if not as it lies.

    Raises:
        UploadError: the file cannot be read, is empty, is not text of the declared encoding, or has no usable
            header.
    """
    name = name or path.name
    record = _first_record(path, form, name)
    refuse_width(name, len(record))
    if fault := _fault_of_header(record):
        raise not_of(form, name, f"its first line is not a header ({fault})")
    return tuple(record)


def _fault_of_header(record: list[str]) -> str | None:
    if not all(name.strip() for name in record):
        return "a column has no name"
    if not all(name.isprintable() for name in record):
        return "a column's name has control characters"
    twice = min((name for name in record if record.count(name) > 1), default=None)
    return f"the column '{twice}' is there twice" if twice else None


def check_width(file: RawInput, form: CsvFormat, columns: tuple[str, ...]) -> None:
    record = _first_record(file.path, form, file.name)
    if len(record) != len(columns):
        raise UploadError(
            f"The file '{file.name}' has {len(record)} fields in its first record, the mapping has "
            f"{len(columns)} columns.",
            hint=f"Without a header the mapping names every column, in order: {', '.join(columns)}.",
            field="files",
        )


def _first_record(path: Path, form: CsvFormat, name: str) -> list[str]:
    with readable(path):
        refuse_other_formats(path, form, name)
        record = _cut_first(path, form, name)
    if record is None:
        raise empty(name)
    return record


def _cut_first(path: Path, form: CsvFormat, name: str) -> list[str] | None:
    try:
        with Source(path) as source, open_text(source, form.encoding) as text:
            lines = _Head(text)
            record = next((record for record in cut(lines, form) if record), None)
    except UnicodeError as error:
        raise not_of(form, name, f"it is not text in {form.encoding}") from error
    except csv.Error as error:
        raise not_of(form, name, str(error)) from error
    except _EndlessError as error:
        raise UploadTooLargeError(
            f"The file '{name}' is not {name_of(form)}: its first line does not end.",
            hint=f"Nothing was uploaded. A header has {_LONGEST_HEADER:,} characters at most.",
            field="files",
        ) from error
    if source.broken and not lines.read:
        raise not_of(form, name, "it is a broken gzip or zstandard file")
    if not is_clean(lines.read):
        raise not_of(form, name, _where_unclean(path, form))
    return record


def _where_unclean(path: Path, form: CsvFormat) -> str:
    """Which byte of the first lines is not of the encoding, and on which line."""
    with Source(path) as source:
        encoding = detect_encoding(source.beginning(), form.encoding)
        head = io.BufferedReader(source).read(_LONGEST_HEADER)
    line = 1
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as error:
        line += head[: error.start].count(b"\n")
        return (
            f"byte {error.start + 1} (0x{head[error.start]:02x}), on line {line}, is not text in "
            f"{form.encoding}; say which `encoding` it is, such as windows-1252"
        )
    line += text[: max(text.find("\0"), 0)].count("\n")
    return f"line {line} is not text in {form.encoding}: it holds NUL"


class _EndlessError(Exception):
    """The first line is longer than any header."""


class _Head:
    """The first lines of a text, with all that was read kept, up to a length that no header has."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self.read = ""

    def __iter__(self) -> _Head:
        return self

    def __next__(self) -> str:
        if len(self.read) > _LONGEST_HEADER:
            raise _EndlessError
        line = self._text.readline(_LONGEST_HEADER + 1)
        if not line:
            raise StopIteration
        self.read += line
        return line

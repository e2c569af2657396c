"""A first look at a raw file: is it there, is it text that the mapping's format can cut, what is its
header?"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from recolake.contracts.csv_text import CsvFormat, Source, is_clean, open_text
from recolake.errors import UploadError

_LONGEST_HEADER = 1 << 18
_HINT = "Nothing was uploaded. The mapping's `format` says delimiter, quote and encoding."
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive or a workbook",
    b"PAR1": "Parquet",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}


def expand(paths: Iterable[Path]) -> list[Path]:
    """Files as given, folders as the files in them, by name; hidden files are left out.

    Raises:
        UploadError: a path does not exist or cannot be read, or a folder holds no files, or nothing was
            named.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
            if not inside:
                raise UploadError(
                    f"The folder '{path}' holds no files.",
                    hint="Name a folder with raw files.",
                    field="files",
                )
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            raise UploadError(
                f"There is no file '{path}'.", hint="Check the name; nothing was uploaded.", field="files"
            )
    if not found:
        raise UploadError("No files were named.", hint="Name raw files, or folders of them.", field="files")
    return found


def read_header(path: Path, form: CsvFormat) -> tuple[str, ...]:
    """Column names of a CSV file, plain or gzip.

    Only the header is judged here: what is wrong with single rows is for the quarantine.

    Raises:
        UploadError: the file is empty, is not text of the declared encoding, or has no usable header.
    """
    try:
        with Source(path) as source:
            with open_text(source, form.encoding) as text:
                lines = _Head(text)
                record = _first_record(
                    path, csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, strict=True)
                )
            _refuse_other_formats(path, lines, source, form.encoding)
    except UnicodeError as error:
        raise _not_csv(path, f"it is not text in {form.encoding}") from error
    except OSError as error:
        raise UploadError(
            f"The file '{path}' cannot be read: {error.strerror}.",
            hint="Nothing was uploaded.",
            field="files",
        ) from error
    if record is None:
        raise UploadError(
            f"The file '{path.name}' is empty.", hint="Nothing was uploaded; leave it out.", field="files"
        )
    twice = sorted({name for name in record if record.count(name) > 1})
    if twice or not all(name.strip() and name.isprintable() for name in record):
        reason = f"the column '{twice[0]}' is there twice" if twice and twice[0] else "a column has no name"
        raise _not_csv(path, f"its first line is not a header ({reason})")
    return tuple(record)


class _Head:
    """The first lines of a text, with all that was read kept, up to a length that no header has."""

    def __init__(self, text: Iterable[str]) -> None:
        self._lines = iter(text)
        self.read = ""

    def __iter__(self) -> _Head:
        return self

    def __next__(self) -> str:
        if len(self.read) > _LONGEST_HEADER:
            raise csv.Error("its first line does not end")
        line = next(self._lines)
        self.read += line
        return line


def _first_record(path: Path, reader: Iterable[list[str]]) -> list[str] | None:
    try:
        return next((record for record in reader if record), None)
    except csv.Error as error:
        raise _not_csv(path, str(error)) from error


def _refuse_other_formats(path: Path, head: _Head, source: Source, encoding: str) -> None:
    if source.broken and not head.read:
        raise _not_csv(path, "it is a broken gzip file")
    if not is_clean(head.read):
        with path.open("rb") as stream:
            beginning = stream.read(8)
        known = next((name for magic, name in _ARCHIVES.items() if beginning.startswith(magic)), None)
        raise _not_csv(path, f"it is {known}" if known else f"its first line is not text in {encoding}")


def _not_csv(path: Path, why: str) -> UploadError:
    return UploadError(f"The file '{path.name}' is not CSV: {why}.", hint=_HINT, field="files")

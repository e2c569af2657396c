"""A first look at a raw file: is it there, can the mapping's format cut its text, what is its header?"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recolake.contracts.csv_text import CsvFormat, Source, is_clean, open_text
from recolake.contracts.names import fault_of, printable
from recolake.errors import UploadError

_LONGEST_HEADER = 1 << 18
_HINT = "Nothing was uploaded. The mapping's `format` says delimiter, quote and encoding."
# Beginnings that no CSV file has; "PAR1" or "BZh" alone might be a column's name.
_OTHERS = {
    "a zip archive or a workbook": re.compile(rb"PK(\x03\x04|\x05\x06|\x07\x08)"),
    "a workbook, of an old version or with a password": re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    "Parquet": re.compile(rb"PAR1[\0-\x08\x0e-\x1f]"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P)"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "zstandard": re.compile(rb"\x28\xb5\x2f\xfd"),
}


def expand(paths: Iterable[Path]) -> list[Path]:
    """Files as given, folders as the files in them, by name; hidden files are left out.

    Raises:
        UploadError: a path does not exist or cannot be read, a file's name cannot be stored, a folder holds
            no files, or nothing was named.
    """
    found: list[Path] = []
    for path in paths:
        with readable(path):
            found.extend(_files_of(path))
    if not found:
        raise UploadError("No files were named.", hint="Name raw files, or folders of them.", field="files")
    for path in found:
        if fault := fault_of(path.name):
            raise UploadError(
                f"The file '{printable(path)}' {fault}.",
                hint="Nothing was uploaded; rename it.",
                field="files",
            )
    return found


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What the system has against a path, as an UploadError."""
    try:
        yield
    except OSError as error:
        raise UploadError(
            f"'{printable(path)}' cannot be read: {error.strerror or error}.",
            hint="Nothing was uploaded.",
            field="files",
        ) from error


def _files_of(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UploadError(
            f"There is no file '{printable(path)}'.",
            hint="Check the name; nothing was uploaded.",
            field="files",
        )
    inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    if not inside:
        raise UploadError(
            f"The folder '{printable(path)}' holds no files.",
            hint="Name a folder with raw files.",
            field="files",
        )
    return inside


def read_header(path: Path, form: CsvFormat) -> tuple[str, ...]:
    """Column names of a CSV file, plain or gzip.

    Only the header is judged here: what is wrong with single rows is for the quarantine.

    Raises:
        UploadError: the file cannot be read, is empty, is not text of the declared encoding, or has no usable
            header.
    """
    with readable(path):
        _refuse_other_formats(path)
        record = _header_record(path, form)
    if record is None:
        raise UploadError(
            f"The file '{path.name}' is empty.", hint="Nothing was uploaded; leave it out.", field="files"
        )
    if fault := _fault_of_header(record):
        raise _not_csv(path, f"its first line is not a header ({fault})")
    return tuple(record)


def _fault_of_header(record: list[str]) -> str | None:
    if not all(name.strip() for name in record):
        return "a column has no name"
    if not all(name.isprintable() for name in record):
        return "a column's name has control characters"
    twice = min((name for name in record if record.count(name) > 1), default=None)
    return f"the column '{twice}' is there twice" if twice else None


def _header_record(path: Path, form: CsvFormat) -> list[str] | None:
    try:
        with Source(path) as source, open_text(source, form.encoding) as text:
            lines = _Head(text)
            reader = csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, strict=True)
            record = next((record for record in reader if record), None)
    except UnicodeError as error:
        raise _not_csv(path, f"it is not text in {form.encoding}") from error
    except csv.Error as error:
        raise _not_csv(path, str(error)) from error
    if source.broken and not lines.read:
        raise _not_csv(path, "it is a broken gzip file")
    if not is_clean(lines.read):
        raise _not_csv(path, f"its first line is not text in {form.encoding}")
    return record


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


def _refuse_other_formats(path: Path) -> None:
    with path.open("rb") as stream:
        beginning = stream.read(16)
    for name, magic in _OTHERS.items():
        if magic.match(beginning):
            raise _not_csv(path, f"it is {name}")


def _not_csv(path: Path, why: str) -> UploadError:
    return UploadError(f"The file '{path.name}' is not CSV: {why}.", hint=_HINT, field="files")

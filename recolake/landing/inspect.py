"""A first look at a raw file: is it there, is it text that the mapping's format can cut, what is its header?"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable
from pathlib import Path

from recolake.contracts.mapping import CsvFormat
from recolake.errors import UploadError

_SAMPLE_BYTES = 1 << 18
_GZIP_MAGIC = b"\x1f\x8b"


def expand(paths: Iterable[Path]) -> list[Path]:
    """Files as given, folders as the files in them, by name; hidden files are left out.

    Raises:
        UploadError: a path does not exist, or a folder holds no files, or nothing was named.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
            if not inside:
                raise UploadError(f"The folder '{path}' holds no files.", hint="Name a folder with raw files.", field="files")
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            raise UploadError(f"There is no file '{path}'.", hint="Check the name; nothing was uploaded.", field="files")
    if not found:
        raise UploadError("No files were named.", field="files")
    return found


def read_header(path: Path, form: CsvFormat) -> tuple[str, ...]:
    """Column names of a CSV file, plain or gzip.

    Raises:
        UploadError: the file is empty, is not text of the declared encoding, or has no usable header.
    """
    sample = _sample(path)
    if not sample.strip():
        raise UploadError(f"The file '{path.name}' is empty.", hint="Nothing was uploaded.", field="files")
    if b"\0" in sample and not form.encoding.lower().replace("-", "").startswith(("utf16", "utf32")):
        raise _not_csv(path, "it holds NUL bytes, as binary files do")
    try:
        text = sample.decode(form.encoding, errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:
            raise _not_csv(path, f"byte {error.start} is not {form.encoding}") from error
        text = sample[: error.start].decode(form.encoding)
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=form.delimiter, quotechar=form.quote)
    try:
        header = tuple(name.strip() for name in next(reader))
    except (csv.Error, StopIteration) as error:
        raise _not_csv(path, str(error) or "it has no header") from error
    if len(set(header)) != len(header):
        raise _not_csv(path, "a column name stands twice in its header")
    if not all(name.isprintable() and name for name in header):
        raise _not_csv(path, "its first line is not a header of column names")
    if next(reader, None) is None and not text.endswith("\n"):
        raise _not_csv(path, "it is a single line")
    return header


def is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == _GZIP_MAGIC


def _sample(path: Path) -> bytes:
    if not is_gzip(path):
        with path.open("rb") as stream:
            return stream.read(_SAMPLE_BYTES)
    try:
        with gzip.open(path) as unpacked:
            return unpacked.read(_SAMPLE_BYTES)
    except EOFError:
        return _what_unpacks(path)
    except (OSError, zlib.error) as error:
        raise _not_csv(path, f"it is a broken gzip file ({error})") from error


def _what_unpacks(path: Path) -> bytes:
    """The beginning of a gzip file that was cut: its rows count, its break is recorded when it is ingested."""
    with path.open("rb") as stream:
        return zlib.decompressobj(wbits=31).decompress(stream.read(_SAMPLE_BYTES), _SAMPLE_BYTES)


def _not_csv(path: Path, why: str) -> UploadError:
    return UploadError(
        f"The file '{path.name}' is not CSV: {why}.",
        hint="Nothing was uploaded. The mapping's `format` says delimiter, quote and encoding.",
        field="files",
    )

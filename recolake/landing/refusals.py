"""What keeps a file from being landed, in words."""

from __future__ import annotations

import re
from pathlib import Path

from recolake.contracts.formats import RawFormat, name_of
from recolake.errors import UploadError

_HINT = "Nothing was uploaded. The mapping's `format` says what the files are: {}."
_HINTS = {
    "CSV": "csv with delimiter, quote, encoding and header, tsv, jsonl or parquet",
    "JSON Lines": "a JSON object a line in UTF-8",
    "Parquet": "whole files with a schema",
}
MOST_COLUMNS = 2_000


class UploadTooLargeError(UploadError):
    """A file unpacks to more, or is wider, than anything that is sent in earnest; nothing was landed."""

    code = "upload_too_large"
    status = 413


# Beginnings that no text has; "PAR1" or "BZh" alone might be a column's name.
_OTHERS = {
    "a zip archive within an archive, or a workbook": re.compile(rb"PK(\x03\x04|\x05\x06|\x07\x08)"),
    "a workbook, of an old version or with a password": re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    "Parquet": re.compile(rb"PAR1[\0-\x08\x0e-\x1f]"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P)"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
}


def refuse_other_formats(path: Path, form: RawFormat, name: str) -> None:
    with path.open("rb") as stream:
        beginning = stream.read(16)
    for other, magic in _OTHERS.items():
        if magic.match(beginning):
            raise not_of(form, name, f"it is {other}")


def refuse_width(name: str, columns: int) -> None:
    """Raise UploadTooLargeError where a file has more columns than anybody maps."""
    if columns > MOST_COLUMNS:
        raise UploadTooLargeError(
            f"The file '{name}' has {columns} columns, which is more than {MOST_COLUMNS}.",
            hint="Nothing was uploaded. Send the columns that the mapping names.",
            field="files",
        )


def empty(name: str) -> UploadError:
    return UploadError(
        f"The file '{name}' is empty.", hint="Nothing was uploaded; leave it out.", field="files"
    )


def not_of(form: RawFormat, name: str, why: str) -> UploadError:
    known = name_of(form)
    return UploadError(
        f"The file '{name}' is not {known}: {why}.", hint=_HINT.format(_HINTS[known]), field="files"
    )

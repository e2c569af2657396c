"""Lines of raw files that name people, where bronze cannot tell them: broken records, and files that nobody
read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from recolake.contracts.formats import JsonlFormat, RawFormat
from recolake.contracts.mapping import load_mapping
from recolake.landing.upload import FILES, MAPPING, LandedFile, Source, UploadManifest, upload_folder
from recolake.privacy.people import People
from recolake.settings import Settings
from spark_jobs.parse import RawFile, Record
from spark_jobs.readers import reader_of

# What separates an id from its neighbours in a record that could not be cut into its columns.
_WORD = re.compile(r"[^\s,;|\"'\t:{}\[\]()]+")


def format_of(settings: Settings, upload: UploadManifest) -> RawFormat:
    """How an upload's files are written; records of the API are JSON Lines.

    Raises:
        MappingError: its mapping was damaged.
    """
    if upload.source is Source.REST:
        return JsonlFormat()
    return load_mapping(upload_folder(settings, upload) / MAPPING).format


def raw_file(settings: Settings, upload: UploadManifest, file: LandedFile) -> RawFile:
    """Where a landed file lies, as readers want to know it."""
    path = upload_folder(settings, upload) / FILES / file.name
    return RawFile(file.name, str(path), file.sha256, file.columns)


def spans(file: RawFile, form: RawFormat) -> Iterator[tuple[Record, range]]:
    """Each record with its lines: from its first to the one before the next record's."""
    before: Record | None = None
    for record in reader_of(form)(file):
        if before is not None:
            yield before, range(before.line, max(record.line, before.line + 1))
        before = record
    if before is not None:
        yield before, range(before.line, before.line + _most_lines(before))


def _most_lines(record: Record) -> int:
    """Lines that the last record of a file has at most: one, and one more for each end of line within."""
    return 1 + sum(text.count("\n") + text.count("\r") for text in (*record.cells, record.broken_text or ""))


def all_lines(
    file: RawFile, form: RawFormat, people: People, known: set[int], *, everywhere: bool
) -> set[int]:
    """Every line to be emptied.

    Args:
        known: first lines of records that bronze knows to be theirs.
        everywhere: look into all records, not only into broken ones.
    """
    found: set[int] = set()
    for record, lines in spans(file, form):
        named = record.line in known
        if not named and (everywhere or record.problem is not None):
            named = names_somebody(record, people)
        if named:
            found.update(lines)
    return found


def names_somebody(record: Record, people: People) -> bool:
    """Whether a cell is the id of one of the people, or a word of what could not be cut into cells."""
    words = _WORD.findall(record.broken_text or "")
    return any(people.named_by(text) for text in (*record.cells, *words) if text)


def exists(file: RawFile) -> bool:
    """Whether the file is still there."""
    return Path(file.path).exists()

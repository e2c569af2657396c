"""The landing zone: raw files without the lines of erased people.

An upload keeps its id and each file the hash of what was sent: sent again, it is known, and brings nobody
back. What lies there now has a hash of its own beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recolake.errors import RecolakeError
from recolake.files import sha256_file, write_atomically
from recolake.landing.upload import MANIFEST, LandedFile, UploadManifest, upload_folder
from recolake.privacy.people import People
from recolake.settings import Settings
from spark_jobs.erasure.raw_lines import all_lines, exists, format_of, raw_file
from spark_jobs.erasure.redact import redact

Lines = Mapping[str, set[int]]
"""By file of an upload the first lines of records."""


class LandingErasureError(RecolakeError):
    """A raw file cannot be read, so nobody can tell whether it names the people."""

    code = "landing_unreadable"


def redact_upload(
    settings: Settings,
    upload: UploadManifest,
    people: People,
    known: Lines,
    *,
    files: set[str] | None = None,
    everywhere: bool = False,
) -> int:
    """Empty the people's lines in the files of one upload; gives the number of lines.

    Args:
        known: first lines of records that are theirs, by file.
        files: look into these; None: into all.
        everywhere: bronze does not know the upload, so look into all records.

    Raises:
        LandingErasureError: a file cannot be read.
    """
    changed: dict[str, LandedFile] = {}
    count = 0
    for file in upload.files:
        if files is not None and file.name not in files:
            continue
        lines = _redact_file(settings, upload, file, people, known.get(file.name, set()), everywhere)
        if lines:
            path = Path(raw_file(settings, upload, file).path)
            changed[file.name] = file.model_copy(update={"redacted_sha256": sha256_file(path)})
            count += lines
    if changed:
        fresh = upload.model_copy(
            update={"files": tuple(changed.get(file.name, file) for file in upload.files)}
        )
        write_atomically(upload_folder(settings, upload) / MANIFEST, fresh.model_dump_json(indent=2).encode())
    return count


def _redact_file(
    settings: Settings,
    upload: UploadManifest,
    file: LandedFile,
    people: People,
    known: set[int],
    everywhere: bool,
) -> int:
    raw = raw_file(settings, upload, file)
    if not exists(raw):
        return 0
    try:
        form = format_of(settings, upload)
        lines = all_lines(raw, form, people, known, everywhere=everywhere)
        if lines:
            redact(Path(raw.path), form, lines)
    except (OSError, ValueError, RecolakeError) as error:
        raise LandingErasureError(
            f"The file {file.name} of upload {upload.upload_id} cannot be searched: {error}",
            hint="Remove the upload from the landing zone, or restore it, then run the erasure again.",
        ) from error
    return len(lines)

"""A quarantined row as it was sent, with what is wrong with it, in a file that a person can repair.

The rows are read from the landing zone: the lake has people's columns as pseudonyms only.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from recolake.contracts.mapping import EventMapping, load_mapping
from recolake.errors import NotFoundError
from recolake.lake.engine import connect, engine_errors
from recolake.landing.upload import FILES, MAPPING, UploadManifest, list_uploads, upload_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from spark_jobs.parse import MALFORMED, RawFile
from spark_jobs.quarantine.cells import escape
from spark_jobs.quarantine.rows import Place, QuarantineError, outstanding
from spark_jobs.quarantine.shapes import form_of_repairs
from spark_jobs.readers import reader_of

REASON, FILE, LINE, RECORD = "_reason", "_file", "_line", "_record"
LINKS = (REASON, FILE, LINE, RECORD)


def export_rows(settings: Settings, tenant: Tenant, upload_id: str, out: Path) -> int:
    """Write an upload's quarantined rows that nobody repaired yet; gives how many.

    The columns are those of the upload's files, then `_reason`, `_file` and `_line`, and in `_record` the
    text of a record that could not be cut into its columns. The file is CSV, as the mapping reads it if it
    reads CSV with a header and quotes; what a spreadsheet might run as a formula has an apostrophe before it.

    Raises:
        NotFoundError: the tenant has no such upload.
        QuarantineError: there is nothing to export, or the file cannot be written.
        ServiceUnavailableError: the engine does not answer.
    """
    manifest = manifest_of(settings, tenant, upload_id)
    spark = connect(settings)
    with engine_errors("the quarantine was read", f"recolake quarantine export --tenant {tenant}"):
        wanted = outstanding(spark, settings, tenant, upload_id)
    if not wanted:
        raise QuarantineError(
            f"Upload {upload_id} has no quarantined rows that are left to repair.",
            hint=f"`recolake quarantine list --tenant {tenant}` shows who has.",
        )
    mapping = load_mapping(upload_folder(settings, manifest) / MAPPING)
    files = {name for name, _ in wanted}
    columns = tuple(dict.fromkeys(c for f in manifest.files if f.name in files for c in f.columns))
    form = form_of_repairs(mapping.format)
    try:
        with out.open("w", encoding=form.encoding, errors="replace", newline="") as text:
            writer = csv.writer(text, delimiter=form.delimiter, quotechar=form.quote, lineterminator="\n")
            writer.writerow([escape(name) for name in (*columns, *LINKS)])
            for cells in _rows(settings, manifest, mapping, wanted, columns):
                writer.writerow([escape(cell) for cell in cells])
    except OSError as error:
        raise QuarantineError(f"'{out}' cannot be written: {error.strerror}.") from error
    return len(wanted)


def manifest_of(settings: Settings, tenant: Tenant, upload_id: str) -> UploadManifest:
    """The upload's manifest; raises NotFoundError if the tenant has no such upload."""
    found = [upload for upload in list_uploads(settings, tenant) if upload.upload_id == upload_id]
    if not found:
        raise NotFoundError(
            "There is no such upload.", hint=f"See `recolake uploads list --tenant {tenant}`."
        )
    return found[0]


def _rows(
    settings: Settings,
    manifest: UploadManifest,
    mapping: EventMapping,
    wanted: Mapping[Place, list[str]],
    columns: tuple[str, ...],
) -> Iterator[list[str]]:
    folder = upload_folder(settings, manifest) / FILES
    names = {name for name, _ in wanted}
    read = reader_of(mapping.format)
    for file in manifest.files:
        if file.name not in names:
            continue
        raw = RawFile(file.name, str(folder / file.name), file.sha256, file.columns)
        for record in read(raw):
            reasons = wanted.get((file.name, record.line))
            if reasons is not None:
                cells = dict(zip(file.columns, record.cells, strict=False))
                broken = record.broken_text or "" if record.problem == MALFORMED else ""
                yield [
                    *(cells.get(column, "") for column in columns),
                    " ".join(reasons),
                    file.name,
                    str(record.line),
                    broken.rstrip("\r\n"),
                ]

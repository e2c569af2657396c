"""Repaired rows of a quarantine, landed as an upload of their own and linked to the rows they stand for."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recolake.audit.entry import Action, Detail
from recolake.audit.record import recorded
from recolake.contracts.csv_text import CsvFormat
from recolake.contracts.formats import JsonlFormat, ParquetFormat
from recolake.contracts.mapping import EventMapping, load_mapping
from recolake.files import sha256_file
from recolake.lake.engine import connect, engine_errors
from recolake.lake.tables import BRONZE_REPAIRS
from recolake.landing.header import read_header
from recolake.landing.store import land
from recolake.landing.upload import MAPPING, list_uploads, upload_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from spark_jobs.parse import RawFile, read_records
from spark_jobs.quarantine.cells import unescape
from spark_jobs.quarantine.export import FILE, LINE, LINKS, manifest_of
from spark_jobs.quarantine.rows import Place, QuarantineError, outstanding
from spark_jobs.quarantine.shapes import form_of_repairs, write_members
from spark_jobs.write import append_rows_once

_MOST_SHOWN = 3
_SUFFIXES = {CsvFormat: ".csv", JsonlFormat: ".jsonl", ParquetFormat: ".parquet"}


@dataclass(frozen=True, slots=True)
class Replayed:
    """The upload that brings the repaired rows, how many, and how many were left in quarantine."""

    repair_id: str
    rows: int
    left: int


def replay(settings: Settings, tenant: Tenant, upload_id: str, repaired: Path) -> Replayed:
    """Land a file that `export_rows` wrote and somebody repaired; `recolake ingest` then judges its rows.

    Rows that were taken out of the file stay in quarantine. The same file again changes nothing.

    Raises:
        NotFoundError: the tenant has no such upload.
        UploadError: the file cannot be read.
        QuarantineError: a row is malformed, or names no row of this upload's quarantine; nothing was landed.
        ServiceUnavailableError: the engine does not answer; run it again.
    """
    manifest = manifest_of(settings, tenant, upload_id)
    mapping_file = upload_folder(settings, manifest) / MAPPING
    mapping = load_mapping(mapping_file)
    header, rows = read_repaired(repaired, form_of_repairs(mapping.format))
    spark = connect(settings)
    with engine_errors("repairs were linked", f"recolake quarantine replay --tenant {tenant}"):
        settings.temporary_root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="replay-", dir=settings.temporary_root) as folder:
            file = Path(folder) / f"repaired-{upload_id[:8]}{_SUFFIXES[type(mapping.format)]}"
            lines = write_back(file, header, rows, mapping)
            known = _landed_before(settings, tenant, upload_id, sha256_file(file))
            open_rows = outstanding(spark, settings, tenant, upload_id)
            if not known:
                _require_known(lines, open_rows, upload_id)
            landed = land(settings, tenant, [file], mapping_file, repairs=upload_id)
        if landed.upload is None and not known:
            raise QuarantineError(
                f"These rows were uploaded before, as upload {landed.known[0].upload_id}.",
                hint="Nothing was landed.",
            )
        repair = landed.upload.upload_id if landed.upload else known[0]
        links = [(tenant.name, upload_id, file, line, repair, at) for (file, line), at in lines.items()]
        details: dict[str, Detail] = {"repair": repair, "rows": len(lines)}
        with recorded(settings, tenant, Action.UPLOAD_REPLAYED, upload_id, details=details):
            append_rows_once(spark, BRONZE_REPAIRS, links, settings, repair)
    return Replayed(repair, len(lines), len(open_rows.keys() - lines.keys()))


def read_repaired(path: Path, form: CsvFormat) -> tuple[tuple[str, ...], list[list[str]]]:
    """Header and rows of a repaired file, as `export_rows` was given them: no apostrophes before formulas.

    Raises:
        UploadError: it cannot be read.
        QuarantineError: it lacks `_file` or `_line`, or a row is malformed.
    """
    raw_header = read_header(path, form)
    header = tuple(unescape(name) for name in raw_header)
    missing = [name for name in (FILE, LINE) if name not in header]
    if missing:
        raise QuarantineError(
            f"The file '{path.name}' has no column {' and no '.join(missing)}.",
            hint="Repair what `recolake quarantine export` wrote, and leave those columns as they are.",
        )
    rows = []
    for record in read_records(RawFile(path.name, str(path), "", raw_header), form):
        if record.problem is not None:
            raise QuarantineError(
                f"Line {record.line} of '{path.name}' is no record of its columns.",
                hint="Nothing was landed; repair it.",
            )
        rows.append([unescape(cell) for cell in record.cells])
    return header, rows


def write_back(
    file: Path, header: tuple[str, ...], rows: list[list[str]], mapping: EventMapping
) -> dict[Place, int]:
    """Write the rows as a raw file of the mapping's format; gives on which line each place stands.

    Raises:
        QuarantineError: as `rewrite`; or a column of a file without a header is missing.
    """
    form = mapping.format
    if not isinstance(form, CsvFormat):
        _, lines = rewrite(
            header, [[" ".join(cell.splitlines()) for cell in row] for row in rows], CsvFormat()
        )
        kept = [index for index, name in enumerate(header) if name not in LINKS]
        write_members(file, [header[i] for i in kept], [[row[i] for i in kept] for row in rows], form)
        return {place: line - 1 for place, line in lines.items()}
    if not form.header:
        order = (*mapping.columns, FILE, LINE)
        if missing := [name for name in order if name not in header]:
            raise QuarantineError(f"The column {missing[0]} is missing.", hint="Nothing was landed.")
        rows = [[row[header.index(name)] for name in order] for row in rows]
        header = order
    text, lines = rewrite(header, rows, form)
    file.write_bytes(text.encode(form.encoding, "replace"))
    return lines


def rewrite(header: tuple[str, ...], rows: list[list[str]], form: CsvFormat) -> tuple[str, dict[Place, int]]:
    """The rows as a raw file without the columns that an export added, and on which line each place stands.

    Raises:
        QuarantineError: a `_line` is no number, or two rows stand for one.
    """
    kept = [index for index, name in enumerate(header) if name not in LINKS]
    file, line = header.index(FILE), header.index(LINE)
    lines: dict[Place, int] = {}
    parts = [_csv_line([header[index] for index in kept], form)] if form.header else []
    at = 1 + "".join(parts).count("\n")
    for cells in rows:
        if not cells[line].strip().isdecimal():
            raise QuarantineError(f"'{cells[line]}' in {LINE} is no line.", hint="Nothing was landed.")
        place = (cells[file], int(cells[line]))
        if place in lines:
            raise QuarantineError(
                f"Two rows stand for line {place[1]} of {place[0]}.", hint="Nothing was landed; keep one."
            )
        lines[place] = at
        parts.append(_csv_line([cells[index] for index in kept], form))
        at += parts[-1].count("\n")
    return "".join(parts), lines


def _csv_line(cells: list[str], form: CsvFormat) -> str:
    """One record with its line end; ends of lines within it are as the reader counts them."""
    if not form.quote:
        if any(form.delimiter in cell or "\n" in cell or "\r" in cell for cell in cells):
            raise QuarantineError(
                "A cell holds the delimiter or an end of line, and the mapping's format has no quotes.",
                hint="Nothing was landed; repair it.",
            )
        return form.delimiter.join(cells) + "\n"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=form.delimiter, quotechar=form.quote, lineterminator="\n")
    writer.writerow([cell.replace("\r\n", "\n").replace("\r", "\n") for cell in cells])
    return out.getvalue()


def _require_known(lines: Mapping[Place, int], open_rows: Mapping[Place, list[str]], upload_id: str) -> None:
    strange = [place for place in lines if place not in open_rows]
    if strange:
        shown = ", ".join(f"line {line} of {file}" for file, line in strange[:_MOST_SHOWN])
        raise QuarantineError(
            f"{len(strange)} rows are not in the quarantine of upload {upload_id}, or were sent again "
            f"before: {shown}.",
            hint="Nothing was landed; export it again.",
        )


def _landed_before(settings: Settings, tenant: Tenant, upload_id: str, sha256: str) -> list[str]:
    """The upload that an earlier replay of the same file made, if there was one."""
    return [
        upload.upload_id
        for upload in list_uploads(settings, tenant)
        if upload.repairs == upload_id and any(file.sha256 == sha256 for file in upload.files)
    ]

"""Put raw files into the landing zone: checked before anything is written, and there all at once or not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from recolake.contracts.mapping import EventMapping, load_mapping
from recolake.contracts.names import printable
from recolake.errors import UploadError
from recolake.files import sha256_file, write_atomically
from recolake.landing.inspect import expand, read_header, readable
from recolake.landing.place import place, remove_leftovers
from recolake.landing.upload import (
    FILES,
    MAPPING,
    LandedFile,
    UploadManifest,
    list_uploads,
    tenant_folder,
    upload_id,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_CHUNK = 1 << 20
_THIS_UPLOAD = ""


class OtherMappingError(UploadError):
    """A file was landed before under another mapping; nothing was landed now."""

    code = "other_mapping"
    status = 409


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file whose content was landed before, maybe under another name, or comes twice in this upload."""

    path: Path
    upload_id: str
    landed_as: str


@dataclass(frozen=True, slots=True)
class LandedUpload:
    """What became of the files: `upload` is None where all of them were known."""

    upload: UploadManifest | None
    known: tuple[KnownFile, ...]


def land(
    settings: Settings,
    tenant: Tenant,
    files: Sequence[Path],
    mapping: Path,
    *,
    again: bool = False,
    repairs: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> LandedUpload:
    """Land what is new of the files as one upload.

    Args:
        repairs: upload whose quarantined rows these files bring again.
        again: also land files that were landed under another mapping. What this one reads otherwise than the
            other becomes an event of its own: it counts beside the first.

    Raises:
        OtherMappingError: a file was landed under another mapping, and `again` is not set.
        UploadError: a file is missing, empty or not CSV; nothing was landed.
        MappingError: the mapping is wrong or does not fit a file; nothing was landed.
    """
    rules = load_mapping(mapping)
    paths = expand(files)
    checked = [(path, _check(path, rules)) for path in paths]
    root = tenant_folder(settings, tenant)
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".lock"):
        remove_leftovers(root)
        uploads = list_uploads(settings, tenant)
        there = _contents(upload for upload in uploads if upload.mapping_sha256 == rules.sha256)
        otherwise = _contents(upload for upload in uploads if upload.mapping_sha256 != rules.sha256)
        known: list[KnownFile] = []
        new: list[tuple[Path, LandedFile]] = []
        names: set[str] = set()
        for path, columns in checked:
            with readable(path):
                digest = sha256_file(path)
            if digest in there:
                known.append(KnownFile(path, *there[digest]))
                continue
            if digest in otherwise and not again:
                raise _other_mapping(KnownFile(path, *otherwise[digest]), rules)
            name = _unused(path.name, names)
            names.add(name)
            new.append(
                (path, LandedFile(name=name, sha256=digest, bytes=path.stat().st_size, columns=columns))
            )
            there[digest] = (_THIS_UPLOAD, name)
        if not new:
            return LandedUpload(None, tuple(known))
        if progress:
            progress(f"landing {len(new)} new files, {len(known)} known")
        upload = _write(root, tenant, new, rules, repairs)
        return LandedUpload(
            upload, tuple(replace(k, upload_id=k.upload_id or upload.upload_id) for k in known)
        )


def _check(path: Path, rules: EventMapping) -> tuple[str, ...]:
    columns = read_header(path, rules.format)
    rules.check_header(columns, path.name)
    return columns


def _contents(uploads: Iterable[UploadManifest]) -> dict[str, tuple[str, str]]:
    """Content hash -> (upload, file name)."""
    return {file.sha256: (upload.upload_id, file.name) for upload in uploads for file in upload.files}


def _other_mapping(known: KnownFile, rules: EventMapping) -> OtherMappingError:
    return OtherMappingError(
        f"The file '{known.path.name}' was landed before under another mapping than {rules.file}, "
        f"as {known.landed_as} in upload {known.upload_id}.",
        hint="Nothing was uploaded. Read otherwise, its rows would count beside the first ones; "
        "`recolake upload --again` accepts that.",
        field="mapping",
    )


def _unused(name: str, taken: set[str]) -> str:
    """The name, or the name with a number before it where two folders held files of one name."""
    candidate, number = name, 2
    while candidate in taken:
        candidate = f"{number}-{name}"
        number += 1
    return candidate


def _write(
    root: Path,
    tenant: Tenant,
    files: list[tuple[Path, LandedFile]],
    rules: EventMapping,
    repairs: str | None,
) -> UploadManifest:
    manifest = UploadManifest(
        upload_id=upload_id(tenant, (file.sha256 for _, file in files), rules.sha256),
        tenant=tenant.name,
        mapping_sha256=rules.sha256,
        landed_at=datetime.now(UTC),
        files=tuple(file for _, file in files),
        repairs=repairs,
    )

    def fill(workspace: Path) -> None:
        for source, file in files:
            _copy(source, workspace / FILES / file.name, file.sha256)
        write_atomically(workspace / MAPPING, rules.text.encode())

    place(root, manifest, fill)
    return manifest


def _copy(source: Path, target: Path, expected: str) -> None:
    """Copy in chunks and flush to the disk; a file that changed meanwhile is refused."""
    digest = sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    if digest.hexdigest() != expected:
        raise UploadError(
            f"The file '{printable(source)}' changed while it was read.",
            hint="Nothing was landed; upload it again.",
            field="files",
        )

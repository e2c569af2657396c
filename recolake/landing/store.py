"""Put raw files into the landing zone: checked before anything is written, and there all at once or not."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from filelock import FileLock

from recolake.contracts.mapping import EventMapping, load_mapping
from recolake.contracts.names import printable
from recolake.errors import UploadError
from recolake.files import sha256_file, write_atomically
from recolake.landing.archive import refuse_bomb
from recolake.landing.gather import RawInput, gather, readable
from recolake.landing.inspect import read_columns
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

    name: str
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
        UploadError: a file is missing, empty or not CSV, unpacks to too much or has too many columns; nothing
            was landed.
        MappingError: the mapping is wrong or does not fit a file; nothing was landed.
    """
    rules = load_mapping(mapping)
    settings.temporary_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="unpack-", dir=settings.temporary_root) as scratch:
        given = gather(files, Path(scratch))
        for file in given:
            with readable(file.path):
                refuse_bomb(file.path, file.name)
        checked = [(file, read_columns(file, rules)) for file in given]
        return _land(settings, tenant, checked, rules, again=again, repairs=repairs, progress=progress)


def _land(
    settings: Settings,
    tenant: Tenant,
    checked: list[tuple[RawInput, tuple[str, ...]]],
    rules: EventMapping,
    *,
    again: bool,
    repairs: str | None,
    progress: Callable[[str], None] | None,
) -> LandedUpload:
    root = tenant_folder(settings, tenant)
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".lock"):
        remove_leftovers(root)
        uploads = list_uploads(settings, tenant)
        there = _contents(upload for upload in uploads if upload.mapping_sha256 == rules.sha256)
        otherwise = _contents(upload for upload in uploads if upload.mapping_sha256 != rules.sha256)
        known: list[KnownFile] = []
        new: list[tuple[Path, LandedFile]] = []
        names = _Names()
        for file, columns in checked:
            with readable(file.path):
                digest, size = sha256_file(file.path), file.path.stat().st_size
            if digest in there:
                known.append(KnownFile(file.name, *there[digest]))
                continue
            if digest in otherwise and not again:
                raise _other_mapping(KnownFile(file.name, *otherwise[digest]), rules)
            name = names.take(file.name)
            new.append((file.path, LandedFile(name=name, sha256=digest, bytes=size, columns=columns)))
            there[digest] = (_THIS_UPLOAD, name)
        if not new:
            return LandedUpload(None, tuple(known))
        if progress:
            progress(f"landing {len(new)} new files, {len(known)} known")
        upload = _write(root, tenant, new, rules, repairs)
        return LandedUpload(
            upload, tuple(replace(k, upload_id=k.upload_id or upload.upload_id) for k in known)
        )


def _contents(uploads: Iterable[UploadManifest]) -> dict[str, tuple[str, str]]:
    """Content hash -> (upload, file name)."""
    return {file.sha256: (upload.upload_id, file.name) for upload in uploads for file in upload.files}


def _other_mapping(known: KnownFile, rules: EventMapping) -> OtherMappingError:
    return OtherMappingError(
        f"The file '{known.name}' was landed before under another mapping than {rules.file}, "
        f"as {known.landed_as} in upload {known.upload_id}.",
        hint="Nothing was uploaded. Read otherwise, its rows would count beside the first ones; "
        "`recolake upload --again` accepts that.",
        field="mapping",
    )


class _Names:
    """Names of an upload's files: no two alike, and none a folder of another."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def take(self, name: str) -> str:
        """The name, or the name with a number before it where two folders held files of one name."""
        candidate, number = name, 2
        while candidate in self._files or candidate in self._folders or self._files & _folders_of(candidate):
            candidate = f"{number}-{name}"
            number += 1
        self._files.add(candidate)
        self._folders |= _folders_of(candidate)
        return candidate


def _folders_of(name: str) -> set[str]:
    return {folder.as_posix() for folder in PurePosixPath(name).parents} - {"."}


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
    target.parent.mkdir(parents=True, exist_ok=True)
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

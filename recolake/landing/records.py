"""Put records, of the API or of Kafka, into the landing zone, as an upload of JSON Lines."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from filelock import FileLock

from recolake.landing.place import place, remove_leftovers
from recolake.landing.upload import FILES, LandedFile, Source, UploadManifest, tenant_folder, upload_id
from recolake.records.kinds import RECORD_FIELDS, Kind
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

CANONICAL_SHA256 = hashlib.sha256(b"recolake records, version 1").hexdigest()
"""Stands where a mapping's hash stands: records need none, as they are written in the lake's own terms."""
_CHUNK = 1 << 20


def land_records(
    settings: Settings, tenant: Tenant, records: Mapping[Kind, Sequence[bytes]]
) -> UploadManifest:
    """Land records as one upload, a file a kind; the same records again are the same upload.

    Args:
        records: by kind, JSON texts without line feeds; of one kind at least.
    """
    contents = {kind: b"\n".join([*records[kind], b""]) for kind in Kind if records.get(kind)}
    pieces = {kind: partial(iter, (content,)) for kind, content in contents.items()}
    return _land(settings, tenant, pieces, Source.REST)


def land_parts(settings: Settings, tenant: Tenant, parts: Mapping[Kind, Sequence[Path]]) -> UploadManifest:
    """Land files of lines, which came by Kafka, one after another as the same upload would hold them.

    Args:
        parts: by kind, in the order of their messages; of one kind at least.
    """
    pieces = {kind: partial(_chunks, parts[kind]) for kind in Kind if parts.get(kind)}
    return _land(settings, tenant, pieces, Source.KAFKA)


_Pieces = Callable[[], Iterable[bytes]]


def _land(
    settings: Settings, tenant: Tenant, pieces: Mapping[Kind, _Pieces], source: Source
) -> UploadManifest:
    files = tuple(_landed(kind, read()) for kind, read in pieces.items())
    manifest = UploadManifest(
        upload_id=upload_id(tenant, (file.sha256 for file in files), CANONICAL_SHA256),
        tenant=tenant.name,
        mapping_sha256=CANONICAL_SHA256,
        landed_at=datetime.now(UTC),
        files=files,
        source=source,
    )
    root = tenant_folder(settings, tenant)
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".lock"):
        remove_leftovers(root)
        if not (root / manifest.upload_id).exists():
            place(root, manifest, lambda workspace: _write(workspace / FILES, pieces))
    return manifest


def _landed(kind: Kind, pieces: Iterable[bytes]) -> LandedFile:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return LandedFile(name=kind.file_name, sha256=digest.hexdigest(), bytes=size, columns=RECORD_FIELDS)


def _chunks(paths: Sequence[Path]) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk


def _write(folder: Path, pieces: Mapping[Kind, _Pieces]) -> None:
    for kind, read in pieces.items():
        with (folder / kind.file_name).open("wb") as out:
            out.writelines(read())
            out.flush()
            os.fsync(out.fileno())

"""Put records that the API acknowledged into the landing zone, as an upload of JSON Lines."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from recolake.landing.place import place, remove_leftovers
from recolake.landing.upload import FILES, LandedFile, Source, UploadManifest, tenant_folder, upload_id
from recolake.records.kinds import RECORD_FIELDS, Kind
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

CANONICAL_SHA256 = hashlib.sha256(b"recolake records, version 1").hexdigest()
"""Stands where a mapping's hash stands: records need none, as they are written in the lake's own terms."""


def land_records(
    settings: Settings, tenant: Tenant, records: Mapping[Kind, Sequence[bytes]]
) -> UploadManifest:
    """Land records as one upload, a file a kind; the same records again are the same upload.

    Args:
        records: by kind, JSON texts without line feeds; of one kind at least.
    """
    contents = {kind.file_name: b"\n".join([*records[kind], b""]) for kind in Kind if records.get(kind)}
    files = tuple(
        LandedFile(
            name=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), columns=RECORD_FIELDS
        )
        for name, content in contents.items()
    )
    manifest = UploadManifest(
        upload_id=upload_id(tenant, (file.sha256 for file in files), CANONICAL_SHA256),
        tenant=tenant.name,
        mapping_sha256=CANONICAL_SHA256,
        landed_at=datetime.now(UTC),
        files=files,
        source=Source.REST,
    )
    root = tenant_folder(settings, tenant)
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".lock"):
        remove_leftovers(root)
        if not (root / manifest.upload_id).exists():
            place(root, manifest, lambda workspace: _write(workspace / FILES, contents))
    return manifest


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        with (folder / name).open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())

"""What an upload is: files by content, the mapping they are read with, and a manifest that makes it exist."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from recolake.settings import Settings
from recolake.tenancy.context import Tenant

MANIFEST = "manifest.json"
MAPPING = "mapping.yaml"
FILES = "files"
# An upload is put together in a folder of this name; nobody reads it until it is renamed.
WORKSPACE = ".landing-"


class Source(StrEnum):
    """How an upload came: as files with a mapping, or as records, which the API took or Kafka had."""

    FILES = "files"
    REST = "rest"
    KAFKA = "kafka"


class LandedFile(BaseModel):
    """One raw file: its name in the upload, the hash and size of its bytes as sent, and its header.

    `redacted_sha256` is set where lines of erased people were emptied since: the hash of what lies there now.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    bytes: int
    columns: tuple[str, ...]
    redacted_sha256: str | None = None


class UploadManifest(BaseModel):
    """Written last: a folder without one is what a killed upload left, and nobody reads it.

    `repairs` names the upload whose quarantined rows this one brings again, repaired.
    """

    model_config = ConfigDict(frozen=True)

    upload_id: str
    tenant: str
    mapping_sha256: str
    landed_at: datetime
    files: tuple[LandedFile, ...]
    # Manifests that were written before there were others lack it.
    source: Source = Source.FILES
    repairs: str | None = None


def upload_id(tenant: Tenant, file_hashes: Iterable[str], mapping_sha256: str) -> str:
    """32 hex digits: the same files with the same mapping are the same upload, whatever their names."""
    parts = [tenant.name, *sorted(file_hashes), mapping_sha256]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def tenant_folder(settings: Settings, tenant: Tenant) -> Path:
    return settings.landing_root / tenant.name


def upload_folder(settings: Settings, manifest: UploadManifest) -> Path:
    return tenant_folder(settings, Tenant(manifest.tenant)) / manifest.upload_id


def list_uploads(settings: Settings, tenant: Tenant, *, but: Container[str] = ()) -> list[UploadManifest]:
    """Every complete upload of a tenant, oldest first; those of `damaged_uploads` are left out.

    Args:
        but: ids of uploads that are not asked for, and not read: there may be very many.
    """
    found = (_read(path) for path in _manifests(settings, tenant, but))
    return sorted((m for m in found if m is not None), key=lambda m: (m.landed_at, m.upload_id))


def damaged_uploads(settings: Settings, tenant: Tenant, *, but: Container[str] = ()) -> list[str]:
    """Uploads whose manifest cannot be read any more: they were complete once."""
    return sorted(path.parent.name for path in _manifests(settings, tenant, but) if _read(path) is None)


def _manifests(settings: Settings, tenant: Tenant, but: Container[str]) -> Iterable[Path]:
    folders = tenant_folder(settings, tenant).glob("[!.]*")
    found = (folder / MANIFEST for folder in folders if folder.name not in but)
    return (path for path in found if path.exists())


def _read(path: Path) -> UploadManifest | None:
    try:
        return UploadManifest.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None

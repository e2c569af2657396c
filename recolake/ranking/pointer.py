"""Which version of a tenant's model is served: the one-line file CURRENT, switched by an atomic rename."""

from __future__ import annotations

import re
from pathlib import Path

from recolake.errors import ArtifactError, NotFoundError
from recolake.files import write_atomically
from recolake.ranking.manifest import VERSION_NAME, Manifest, read_manifest
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_VERSION = re.compile(VERSION_NAME, re.ASCII)


def version_folder(settings: Settings, tenant: Tenant, version: str) -> Path:
    """Folder of one version's artefact, whether it exists or not.

    Raises:
        NotFoundError: that is no version name.
    """
    if not _VERSION.fullmatch(version):
        raise NotFoundError(
            f"'{version}' is not a model version.", hint="Versions are called v1, v2, …", field="version"
        )
    return settings.index_root / tenant.name / version


def current_file(settings: Settings, tenant: Tenant) -> Path:
    """The pointer, whether it exists or not."""
    return settings.index_root / tenant.name / "CURRENT"


def current_version(settings: Settings, tenant: Tenant) -> str | None:
    """Version that is served now; None before the first is published."""
    try:
        return current_file(settings, tenant).read_text().strip() or None
    except FileNotFoundError:
        return None


def served_manifest(settings: Settings, tenant: Tenant) -> Manifest | None:
    """Manifest of the served version; None where nothing is served, or its manifest is damaged."""
    version = current_version(settings, tenant)
    if version is None:
        return None
    try:
        manifest = read_manifest(version_folder(settings, tenant, version))
    except (ArtifactError, NotFoundError):
        return None
    return manifest if manifest.model_version == version else None


def activate(settings: Settings, tenant: Tenant, version: str) -> None:
    """Serve this version from now on.

    Loading it first is the caller's duty, and so is to hold the tenant's publication lock from the moment its
    vectors are known to be online: who removes old vectors holds it too.

    Raises:
        ArtifactError: there is no artefact of that version.
    """
    folder = version_folder(settings, tenant, version)
    if not folder.is_dir():
        raise ArtifactError(f"There is no artefact of version {version} for tenant '{tenant}'.")
    write_atomically(current_file(settings, tenant), f"{version}\n".encode())

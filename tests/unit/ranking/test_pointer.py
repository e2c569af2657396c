"""CURRENT names one whole version, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from recolake.errors import ArtifactError, NotFoundError
from recolake.ranking.manifest import MANIFEST_FILE, read_manifest
from recolake.ranking.pointer import activate, current_file, current_version, served_manifest, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def test_nothing_is_served_before_the_first_publication(tmp_path: Path) -> None:
    assert current_version(Settings(home=tmp_path), Tenant("shop")) is None


def test_the_pointer_moves_to_what_is_there_and_to_nothing_else(
    tmp_path: Path, artifact_folder: Path
) -> None:
    settings, tenant = Settings(home=tmp_path), Tenant("shop")
    activate(settings, tenant, "v1")
    with pytest.raises(ArtifactError):
        activate(settings, tenant, "v2")
    assert current_version(settings, tenant) == "v1"


def test_a_served_version_that_says_nothing_readable_counts_as_none(
    tmp_path: Path, artifact_folder: Path
) -> None:
    settings, tenant = Settings(home=tmp_path), Tenant("shop")
    assert served_manifest(settings, tenant) is None
    activate(settings, tenant, "v1")
    assert served_manifest(settings, tenant) == read_manifest(artifact_folder)
    (artifact_folder / MANIFEST_FILE).write_text("{}")
    assert served_manifest(settings, tenant) is None
    for name in ("v7", "no version"):
        current_file(settings, tenant).write_text(name)
        assert served_manifest(settings, tenant) is None


@pytest.mark.parametrize("name", ["", "v0", "1", "v1/../v2", "../other/v1", "v1\n", "V1", "v١", "CURRENT"])
def test_only_names_of_versions_lead_to_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundError):
        version_folder(Settings(home=tmp_path), Tenant("shop"), name)

"""A demo that cannot begin says why before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from recolake.demo.inputs import given_input, simulated_input
from recolake.errors import InvalidInputError, UploadError
from recolake.settings import Settings
from recolake.simulator.truth import read_truth


def mapping(folder: Path) -> Path:
    path = folder / "mapping.yaml"
    path.write_text("version: 1\n")
    return path


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="nowhere"):
        given_input(tmp_path / "nowhere", mapping(tmp_path), None)


def test_a_file_in_place_of_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="not a folder"):
        given_input(mapping(tmp_path), mapping(tmp_path), None)


def test_a_folder_without_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".hidden").touch()
    with pytest.raises(UploadError, match="no files"):
        given_input(tmp_path / "empty", mapping(tmp_path), None)


def test_a_missing_mapping_is_named(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.csv").touch()
    with pytest.raises(UploadError, match=r"other\.yaml"):
        given_input(tmp_path / "raw", tmp_path / "other.yaml", None)


def test_a_name_that_is_no_tenants_is_refused(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.csv").touch()
    with pytest.raises(InvalidInputError, match="Not A Tenant"):
        given_input(tmp_path / "raw", mapping(tmp_path), "Not A Tenant")


def test_files_come_in_order_of_name_for_the_tenant_shop(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for name in ("2011-01-02.csv.gz", "2010-12-31.csv.gz", "2011-01-01.csv.gz"):
        (raw / name).touch()
    found = given_input(raw, mapping(tmp_path), None)
    assert [p.name for p in found.files] == ["2010-12-31.csv.gz", "2011-01-01.csv.gz", "2011-01-02.csv.gz"]
    assert found.tenant.name == "shop"


def test_a_shorter_simulation_leaves_the_truth_of_a_longer_one_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    told: list[tuple[int, int]] = []
    longer = simulated_input(settings, None, None, days=3, progress=lambda *done: told.append(done))
    shorter = simulated_input(settings, None, None, days=2)
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert [read_truth(given.files[0].parent.parent).days for given in (longer, shorter)] == [3, 2]
    assert [path.read_bytes() for path in longer.files[:2]] == [path.read_bytes() for path in shorter.files]

"""Data goes where the settings say, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recolake.errors import InvalidInputError
from recolake.settings import load_settings


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.mark.parametrize("name", ["LAKE_URL", "LANDING_URL"])
@pytest.mark.parametrize("value", ["s3://bucket/x", "file://host/x", "file:/x", "lake", "~/lake", "file://"])
def test_a_place_that_would_become_a_local_folder_by_accident_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"RECOLAKE_{name}", value)
    with pytest.raises(InvalidInputError, match=f"RECOLAKE_{name}: '{value}' is no absolute path"):
        load_settings()


@pytest.mark.parametrize("value", ["/data/zone", "file:///data/zone"])
def test_a_folder_is_taken_as_path_or_url(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    for name in ("LAKE_URL", "LANDING_URL"):
        monkeypatch.setenv(f"RECOLAKE_{name}", value)
    assert load_settings().landing_root == Path("/data/zone")
    assert load_settings().lake_root == value


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RECOLAKE_HOME", str(tmp_path))
    monkeypatch.setenv("RECOLAKE_LANDING_URL", "")
    assert load_settings().landing_root == tmp_path / "landing"

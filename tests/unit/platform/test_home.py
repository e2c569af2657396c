"""The state folder is its owner's alone, also where PostgreSQL must pass through it as another user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recolake.platform.home import secure_home
from recolake.settings import Settings


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("postgres", [None, "postgresql://postgres@db.example:5432"])
def test_nobody_else_can_list_the_home_or_enter_what_is_in_it(tmp_path: Path, postgres: str | None) -> None:
    settings = Settings(home=tmp_path / "home", postgres_url=postgres)
    (settings.home / "spark").mkdir(parents=True, mode=0o755)
    settings.home.chmod(0o755)
    secure_home(settings)
    passable = os.geteuid() == 0 and postgres is None
    assert _mode(settings.home) == (0o711 if passable else 0o700)
    inside = {folder.name: _mode(folder) for folder in settings.home.iterdir()}
    assert {"spark", "lake", "landing", "secrets", "logs", "run", "journal", "indexes"} <= inside.keys()
    assert set(inside.values()) == {0o700}


def test_a_lake_elsewhere_is_left_alone(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    lake.mkdir(mode=0o755)
    settings = Settings(home=tmp_path / "home", lake_url=str(lake))
    secure_home(settings)
    assert _mode(lake) == 0o755
    assert not (settings.home / "lake").exists()

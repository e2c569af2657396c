"""No place that may hold a person is forgotten: one that is not listed fails here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recolake.errors import ServiceUnavailableError
from recolake.privacy import stores
from recolake.privacy.files import OF_OTHERS, left_to_others, state_roots
from recolake.privacy.stores import ORDER, known_stores
from recolake.settings import Settings


def test_every_store_is_registered_and_in_its_order() -> None:
    assert tuple(store.name for store in known_stores()) == ORDER


def test_an_environment_that_lacks_a_store_erases_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_redis(group: str) -> list[Any]:
        from importlib.metadata import entry_points

        return [entry for entry in entry_points(group=group) if entry.name != "online"]

    monkeypatch.setattr(stores, "entry_points", without_redis)
    with pytest.raises(ServiceUnavailableError, match="online"):
        known_stores()


def test_every_folder_of_the_state_is_some_stores(tmp_path: Path) -> None:
    """What nobody else sees to is the files store's, so that a new folder is never forgotten."""
    settings = Settings(home=tmp_path)
    roots = [
        Path(str(getattr(settings, name)))
        for name in dir(Settings)
        if name.endswith("_root") and isinstance(getattr(Settings, name), property)
    ]
    assert len(roots) >= 10
    assert all(any(root.is_relative_to(each) for each in state_roots(settings)) for root in roots)
    others = left_to_others(settings)
    kept_out = {root.name for root in roots if any(root.is_relative_to(each) for each in others)}
    assert kept_out == {"indexes", "secrets", "journal", "spool", "replays", "landing"}
    assert set(OF_OTHERS.values()) - {""} <= set(ORDER)

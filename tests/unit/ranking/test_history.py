"""A rollback leads to what was served before, again and again, whatever was killed half-way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from recolake.ranking.history import History, history_file, read_history, write_history
from recolake.ranking.pointer import current_file
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def point_to(settings: Settings, version: str) -> None:
    path = current_file(settings, SHOP)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{version}\n")


def served(*versions: str) -> History:
    history = History()
    for version in versions:
        history = history.moved_on(version, NOW)
    return history


def test_each_rollback_leads_one_publication_further_back_and_never_forth() -> None:
    history = served("v1", "v2", "v3").moved_back(NOW)
    assert (history.served, history.previous, history.held) == ("v2", "v1", True)
    history = history.moved_back(NOW)
    assert (history.served, history.previous) == ("v1", None)


def test_a_publication_ends_the_hold_also_of_the_served_version() -> None:
    back = served("v1", "v2").moved_back(NOW)
    assert not back.moved_on("v1", NOW).held
    assert back.moved_on("v1", NOW).steps == back.steps
    on = back.moved_on("v3", NOW)
    assert (on.served, on.previous, on.held) == ("v3", "v1", False)


def test_what_is_served_now_is_the_pointer_s_to_say(settings: Settings) -> None:
    write_history(settings, SHOP, served("v1", "v2"))
    assert read_history(settings, SHOP) == History(), "nothing is served, so nothing leads anywhere"
    point_to(settings, "v2")
    assert read_history(settings, SHOP) == served("v1", "v2")
    point_to(settings, "v3")  # As after a publication that was killed before it wrote the history.
    found = read_history(settings, SHOP)
    assert (found.served, found.previous) == ("v3", "v2")


def test_a_rollback_that_was_killed_before_the_pointer_moved_can_be_done_again(settings: Settings) -> None:
    point_to(settings, "v2")
    write_history(settings, SHOP, served("v1", "v2").moved_back(NOW))
    found = read_history(settings, SHOP)
    assert (found.served, found.previous, found.held) == ("v2", "v1", False)


@pytest.mark.parametrize("content", [b"", b"{", b'{"steps": 3}', b"\xff"])
def test_a_history_that_cannot_be_read_holds_nothing_up(settings: Settings, content: bytes) -> None:
    point_to(settings, "v2")
    history_file(settings, SHOP).write_bytes(content)
    found = read_history(settings, SHOP)
    assert (found.served, found.previous, found.held) == ("v2", None, False)


def test_a_long_history_is_cut_at_its_beginning() -> None:
    history = served(*(f"v{number}" for number in range(1, 301)))
    assert len(history.steps) <= 100
    assert (history.served, history.previous) == ("v300", "v299")

"""Last uses of keys: to about a minute, over all processes, and never at a request's cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from recolake.settings import Settings
from recolake.tenancy.key_uses import KeyUses, collect, forget_the_dead, newer, uses_folder

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY, OTHER = ("shop", "key_1"), ("shop", "key_2")


def seconds(count: float) -> datetime:
    return NOW + timedelta(seconds=count)


def test_a_first_use_is_written_at_once_and_then_one_a_minute(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    uses = KeyUses(settings)
    written = []
    for moment in (0, 1, 30, 59, 60, 61, 119, 120):
        uses.note(KEY, seconds(moment))
        written.append((collect(settings)[KEY] - NOW).total_seconds())
    assert written == [0, 0, 0, 0, 60, 60, 60, 120]


def test_many_keys_cost_one_write_a_second_and_none_is_lost(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    uses = KeyUses(settings)
    uses.note(KEY, seconds(0))
    uses.note(OTHER, seconds(0.5))
    assert OTHER not in collect(settings)
    uses.note(("shop", "key_3"), seconds(1))
    assert collect(settings)[OTHER] == seconds(0.5)


def test_of_several_processes_the_latest_use_counts(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    KeyUses(settings).note(KEY, seconds(5))
    KeyUses(settings).note(KEY, seconds(3))
    (uses_folder(settings) / "torn.json").write_text('[["shop"')
    assert collect(settings) == {KEY: seconds(5)}


def test_a_folder_that_cannot_be_written_costs_no_request(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.snapshot_root.mkdir()
    uses_folder(settings).write_text("a file in its place")
    KeyUses(settings).note(KEY, NOW)


def test_files_of_processes_that_are_gone_are_removed_after_a_day(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    KeyUses(settings).note(KEY, NOW)
    (path,) = uses_folder(settings).iterdir()
    written = path.stat().st_mtime
    forget_the_dead(settings, now=written + 86_000)
    assert path.exists()
    forget_the_dead(settings, now=written + 87_000)
    assert not path.exists()


_USES = st.dictionaries(st.sampled_from([KEY, OTHER]), st.integers(0, 9).map(seconds))


@given(_USES, _USES)
def test_what_is_stored_twice_is_stored_once(uses: dict, known: dict) -> None:
    fresh = newer(uses, known)
    assert all(key not in known or at > known[key] for key, at in fresh.items())
    assert (
        newer(uses, known | uses) == {key: at for key, at in uses.items() if at > (known | uses)[key]} == {}
    )

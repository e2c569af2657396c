"""Lists of people hold keyed hashes, and a damaged one stops the work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recolake.privacy.lists import PrivacyListError, opted_out, suppressed
from recolake.privacy.people import Purpose, person_hash
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

KEY, SHOP = b"k" * 32, Tenant("shop")
ADA, BEN = "a" * 32, "b" * 32
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_a_list_names_nobody_and_finds_everybody(settings: Settings) -> None:
    listed = suppressed(settings, SHOP)
    assert listed.read() == {}
    assert listed.add(KEY, [ADA, BEN], NOW) == 2
    assert listed.add(KEY, [ADA], NOW) == 0
    assert listed.read().keys() == {person_hash(KEY, Purpose.SUPPRESSION, p) for p in (ADA, BEN)}
    content = listed.path.read_text()
    assert ADA not in content
    assert BEN not in content
    assert listed.path.stat().st_mode & 0o077 == 0


def test_somebody_who_is_erased_again_is_suppressed_up_to_the_later_time(settings: Settings) -> None:
    listed = suppressed(settings, SHOP)
    listed.add(KEY, [ADA], NOW)
    listed.add(KEY, [ADA], NOW + timedelta(days=1))
    listed.add(KEY, [ADA], NOW - timedelta(days=1))
    (moment,) = listed.read().values()
    assert moment == int((NOW + timedelta(days=1)).timestamp()) * 1_000_000


def test_an_opt_out_is_taken_back(settings: Settings) -> None:
    listed = opted_out(settings, SHOP)
    listed.add(KEY, [ADA, BEN], NOW)
    assert listed.remove(KEY, [ADA]) == 1
    assert listed.remove(KEY, [ADA]) == 0
    assert list(listed.read()) == [person_hash(KEY, Purpose.OPT_OUT, BEN)]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": "x"}'])
def test_a_damaged_list_is_never_taken_for_an_empty_one(settings: Settings, content: str) -> None:
    listed = suppressed(settings, SHOP)
    listed.path.parent.mkdir(parents=True)
    listed.path.write_text(content)
    with pytest.raises(PrivacyListError):
        listed.read()


def test_hashes_of_one_purpose_tell_nothing_of_another(settings: Settings) -> None:
    assert len({person_hash(KEY, purpose, ADA) for purpose in Purpose} | {ADA}) == len(Purpose) + 1
    assert person_hash(KEY, Purpose.OPT_OUT, ADA) != person_hash(b"x" * 32, Purpose.OPT_OUT, ADA)

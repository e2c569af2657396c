"""Requests are found again after a kill, and name nobody once they are over."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recolake.errors import InvalidInputError, NotFoundError
from recolake.privacy.people import People
from recolake.privacy.requests import (
    Kind,
    State,
    closed,
    keep,
    new_request,
    open_requests,
    read_request,
)
from recolake.privacy.work import forget_exports, named, set_opt_out
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key

KEY, SHOP, OTHER = b"k" * 32, Tenant("shop"), Tenant("other")
ADA = People.named(KEY, ["ada"])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_the_same_erasure_is_one_request_until_it_is_over(settings: Settings) -> None:
    first = new_request(settings, SHOP, Kind.ERASURE, ADA)
    assert new_request(settings, SHOP, Kind.ERASURE, ADA) == first
    assert open_requests(settings, SHOP) == [first]
    over = keep(settings, SHOP, closed(first, KEY, datetime.now(UTC)))
    assert over.state is State.DONE
    assert open_requests(settings, SHOP) == []
    assert new_request(settings, SHOP, Kind.ERASURE, ADA).request_id != first.request_id


def test_a_request_that_is_over_names_nobody(settings: Settings) -> None:
    (pseudonym,) = ADA.pseudonyms
    request = new_request(settings, SHOP, Kind.ERASURE, ADA)
    keep(settings, SHOP, closed(request, KEY, datetime.now(UTC)))
    texts = [path.read_text() for path in settings.home.rglob("*") if path.is_file()]
    assert texts
    # As a word: ids are hex, in which "ada" turns up by chance.
    assert not any(pseudonym in text or re.search(r"\bada\b", text) for text in texts)


@pytest.mark.parametrize("request_id", ["", "..", "era-../../x", "era-0123456789abcdef"])
def test_a_request_is_its_tenants_alone(settings: Settings, request_id: str) -> None:
    made = new_request(settings, SHOP, Kind.ERASURE, ADA)
    with pytest.raises(NotFoundError):
        read_request(settings, OTHER, made.request_id)
    with pytest.raises(NotFoundError):
        read_request(settings, SHOP, request_id)
    assert read_request(settings, SHOP, made.request_id) == made


def test_opting_out_twice_changes_nothing(settings: Settings) -> None:
    ensure_tenant_key(settings, SHOP)
    people = named(settings, SHOP, " ada ")
    assert set_opt_out(settings, SHOP, people, out=True)
    assert not set_opt_out(settings, SHOP, people, out=True)
    assert set_opt_out(settings, SHOP, named(settings, SHOP, "ada"), out=False)
    assert not set_opt_out(settings, SHOP, people, out=False)


@pytest.mark.parametrize("user", ["", "  ", "x" * 5_000])
def test_nobodys_id_is_refused(settings: Settings, user: str) -> None:
    ensure_tenant_key(settings, SHOP)
    with pytest.raises(InvalidInputError):
        named(settings, SHOP, user)


def test_an_export_lies_here_for_a_week(settings: Settings) -> None:
    folder = settings.home / "privacy" / "shop" / "exports"
    folder.mkdir(parents=True)
    (folder / "exp-0123456789abcdef.zip").write_text("x")
    at = (folder / "exp-0123456789abcdef.zip").stat().st_mtime
    assert forget_exports(settings, SHOP, at + 6 * 86_400) == 0
    assert forget_exports(settings, SHOP, at + 8 * 86_400) == 1

"""A tenant's pseudonym key is made once, with the tenant; whoever reads it never makes another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import PseudonymKeyError, ensure_tenant_key, pseudonym, tenant_key

SHOP = Tenant("shop")
KEY = Path("secrets", "tenants", "shop", "pseudonym.key")


def test_without_a_key_readers_fail_and_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(PseudonymKeyError, match="'shop' is missing"):
        tenant_key(Settings(home=tmp_path), SHOP)
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_and_read_by_all_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    together = Barrier(8)

    def ask(_: int) -> bytes:
        together.wait()
        return ensure_tenant_key(settings, SHOP)

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(ask, range(8)))
    assert made == {tenant_key(settings, SHOP)}
    assert (tmp_path / KEY).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"k" * 31, b"k" * 33])
def test_a_damaged_key_makes_no_pseudonyms(tmp_path: Path, content: bytes) -> None:
    settings = Settings(home=tmp_path)
    ensure_tenant_key(settings, SHOP)
    (tmp_path / KEY).write_bytes(content)
    with pytest.raises(PseudonymKeyError, match="damaged"):
        tenant_key(settings, SHOP)


def test_a_key_that_cannot_be_read_is_told_from_one_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / KEY).mkdir(parents=True)
    with pytest.raises(PseudonymKeyError, match="cannot be read"):
        tenant_key(Settings(home=tmp_path), SHOP)


def test_tenants_have_different_pseudonyms_for_the_same_person(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    found = {pseudonym(ensure_tenant_key(settings, Tenant(name)), "ada") for name in ("shop", "rival")}
    assert len(found) == 2

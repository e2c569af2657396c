"""The key that this machine's own commands use is its owner's secret."""

from __future__ import annotations

from pathlib import Path

from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.local_key import read_local_key, store_local_key

SHOP = Tenant("shop")


def test_the_kept_key_is_the_last_one_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert read_local_key(settings, SHOP) is None
    store_local_key(settings, SHOP, "rk_live_one")
    store_local_key(settings, SHOP, "rk_live_two")
    assert read_local_key(settings, SHOP) == "rk_live_two"
    path = tmp_path / "secrets" / "tenants" / "shop" / "api.key"
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in path.relative_to(tmp_path).parents[:-1]:
        assert (tmp_path / folder).stat().st_mode & 0o077 == 0, folder

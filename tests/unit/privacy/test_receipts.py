"""Receipts of erased people say so; those of others do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from recolake.privacy.errors import ErasedError
from recolake.privacy.receipts import add_erased, refuse_erased
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key

SHOP = Tenant("shop")


def test_erased_receipts_are_told_from_others(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    key = ensure_tenant_key(settings, SHOP)
    refuse_erased(settings, SHOP, "rec_1")
    assert add_erased(settings, SHOP, key, [f"rec_{n}" for n in range(100)]) == 100
    assert add_erased(settings, SHOP, key, ["rec_5", "rec_100"]) == 101
    for number in range(101):
        with pytest.raises(ErasedError) as caught:
            refuse_erased(settings, SHOP, f"rec_{number}")
        assert (caught.value.code, caught.value.status) == ("erased", 410)
    for number in range(101, 300):
        refuse_erased(settings, SHOP, f"rec_{number}")

"""A recommendation id opens only for the tenant it was given to, and says what it was given with."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.errors import NotFoundError
from recolake.experiments.document import Variant
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.ids import RecommendationIds

tenants = st.from_regex(r"[a-z][a-z0-9]{1,10}(-[a-z0-9]{1,10})?", fullmatch=True).map(Tenant)
versions = st.integers(1, 999_999_999).map(lambda number: f"v{number}")
moments = st.integers(946_684_800, 7_258_118_400).map(lambda s: dt.datetime.fromtimestamp(s, dt.UTC))
IDS = RecommendationIds(b"k" * 32)


@given(tenants, versions, moments, st.sampled_from(Variant))
def test_an_id_says_version_time_and_variant(
    tenant: Tenant, version: str, now: dt.datetime, variant: Variant
) -> None:
    minted = IDS.read(tenant, IDS.mint(tenant, version, now, variant))
    assert (minted.model_version, minted.variant) == (version, variant)
    assert abs(minted.served_at - now) <= dt.timedelta(milliseconds=2)


@pytest.mark.control(1)
@given(tenants, tenants, versions)
def test_no_other_tenant_and_no_other_key_opens_it(owner: Tenant, other: Tenant, version: str) -> None:
    minted = IDS.mint(owner, version, dt.datetime.now(dt.UTC))
    if other != owner:
        with pytest.raises(NotFoundError):
            IDS.read(other, minted)
    with pytest.raises(NotFoundError):
        RecommendationIds(b"x" * 32).read(owner, minted)


@given(st.data(), tenants, versions)
def test_no_character_can_be_changed(data: st.DataObject, tenant: Tenant, version: str) -> None:
    minted = IDS.mint(tenant, version, dt.datetime.now(dt.UTC))
    place = data.draw(st.integers(0, len(minted) - 1))
    changed = minted[:place] + data.draw(st.characters()) + minted[place + 1 :]
    if changed != minted:
        with pytest.raises(NotFoundError):
            IDS.read(tenant, changed)


@given(tenants, st.text())
def test_whatever_is_no_id_is_not_found(tenant: Tenant, text: str) -> None:
    with pytest.raises(NotFoundError):
        IDS.read(tenant, text)


def test_all_processes_share_one_key_that_others_cannot_read(tmp_path: object) -> None:
    settings = Settings(home=tmp_path)  # type: ignore[arg-type]
    tenant, now = Tenant("shop"), dt.datetime.now(dt.UTC)
    minted = RecommendationIds.of(settings).mint(tenant, "v1", now)
    assert RecommendationIds.of(settings).read(tenant, minted).model_version == "v1"
    assert (settings.secrets_root / "recommendations.key").stat().st_mode & 0o777 == 0o600

"""Control 5: no name, however odd, lets one tenant reach what belongs to another, in any of the stores.

Feast's keys: `tests/unit/features/test_keys.py`.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from recolake.demo.tracking import model_name
from recolake.errors import InvalidInputError, NotFoundError
from recolake.experiments.store import experiment_file
from recolake.features.online import features_mark, vectors_mark, watermark_key
from recolake.landing.upload import tenant_folder
from recolake.lineage.names import namespace
from recolake.lineage.store import event_folder
from recolake.privacy.lists import privacy_folder
from recolake.profile.keys import (
    deeds_key,
    described_key,
    described_version_key,
    epoch_key,
    field_of,
    hidden_key,
    hidden_version_key,
    of_field,
    seen_key,
    stated_key,
)
from recolake.ranking.pointer import current_file, version_folder
from recolake.scenarios.store import scenario_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SETTINGS = Settings(home=Path("/home"), redis_url="redis://127.0.0.1:1/0")
tenants = st.text("ab0", min_size=1, max_size=4).map(lambda end: Tenant(f"t{end}"))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["../rival", "..", "/", "rival:deeds:x", "*", "x\x00y", "é", "e\u0301", "ADA", "ada", ":", "\\"]
)


@pytest.mark.control(5)
@given(st.text(max_size=45))
@example("../shop")
@example("Shop")
@example("shop/..")
@example("ſhop")
@example("shop\n")
@example("ｓhop")
@example("sh%2fop")
def test_a_name_that_another_could_be_mistaken_for_is_no_tenant(text: str) -> None:
    """One case of ASCII: folding, normalising, or reading it as a path gives the very same name."""
    try:
        name = Tenant(text).name
    except InvalidInputError:
        return
    assert name.isascii()
    assert name == name.casefold() == unicodedata.normalize("NFKC", name)
    assert Path(name).name == name
    assert not set(name) & set("./\\:*?[]%\0 ")


def redis_keys(tenant: Tenant, person: str) -> list[str]:
    own = [stated_key, hidden_key, described_key, described_version_key, hidden_version_key, epoch_key]
    found = [key(tenant) for key in (*own, features_mark, watermark_key)]
    return [*found, deeds_key(tenant, person), seen_key(tenant, person), vectors_mark(tenant, "v1")]


@pytest.mark.control(5)
@given(tenants, tenants, texts, texts)
def test_in_redis_no_person_s_name_makes_one_tenant_s_key_another_s(
    tenant: Tenant, other: Tenant, person: str, somebody: str
) -> None:
    assume(tenant != other)
    assert not set(redis_keys(tenant, person)) & set(redis_keys(other, somebody))
    assert len(set(redis_keys(tenant, person))) == len(redis_keys(tenant, person))
    assert field_of(tenant, person) != field_of(other, somebody)
    assert of_field(field_of(tenant, person)) == (tenant, person)


@pytest.mark.control(5)
@given(tenants, tenants)
def test_on_the_disk_in_mlflow_and_in_lineage_tenants_have_places_of_their_own(
    tenant: Tenant, other: Tenant
) -> None:
    """FAISS indexes, landed files, scenarios, experiments, requests about people: none within another's."""
    assume(tenant != other)

    def places(who: Tenant) -> list[Path]:
        folders = [of(SETTINGS, who) for of in (tenant_folder, scenario_folder, event_folder, privacy_folder)]
        return [*folders, version_folder(SETTINGS, who, "v1").parent]

    for mine, theirs in zip(places(tenant), places(other), strict=True):
        assert mine.name == tenant.name
        assert mine.parent == theirs.parent
        assert not mine.is_relative_to(theirs)
    assert current_file(SETTINGS, tenant).parent != current_file(SETTINGS, other).parent
    assert experiment_file(SETTINGS, tenant) != experiment_file(SETTINGS, other)
    assert model_name(tenant) != model_name(other)
    assert namespace(tenant) != namespace(other)


@pytest.mark.control(5)
@given(tenants, texts)
def test_a_model_s_version_leads_nowhere_else(tenant: Tenant, version: str) -> None:
    try:
        folder = version_folder(SETTINGS, tenant, version)
    except NotFoundError:
        return
    assert folder.parent == SETTINGS.index_root / tenant.name
    assert folder.resolve() == folder

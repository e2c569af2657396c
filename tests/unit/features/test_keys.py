"""Rows are found and removed by key; no value of one key can pass for another's."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recolake.features.feast_import import load_feast
from recolake.features.keys import pattern_of, row_key
from recolake.features.names import PROJECT
from recolake.features.store import SERIALIZATION_VERSION

values = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def matches(pattern: bytes, key: bytes) -> bool:
    """Redis' globs by Python's: they escape differently."""
    text = re.sub(r"\\(.)", r"[\1]", pattern.decode("latin-1"), flags=re.DOTALL)
    return fnmatchcase(key.decode("latin-1"), text)


@pytest.mark.control(5)
@given(values, values, values, values)
def test_different_values_never_share_a_key(tenant: str, item: str, other: str, thing: str) -> None:
    first = row_key({"tenant_id": tenant, "item_id": item})
    second = row_key({"item_id": thing, "tenant_id": other})
    assert (first == second) == ((tenant, item) == (other, thing))


@given(st.dictionaries(st.sampled_from(["tenant_id", "user_id", "model_version"]), values, min_size=1))
def test_a_key_is_the_one_under_which_feast_writes(texts: dict[str, str]) -> None:
    load_feast()
    from feast.infra.key_encoding_utils import serialize_entity_key
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    key = EntityKey(join_keys=list(texts), entity_values=[Value(string_val=text) for text in texts.values()])
    assert row_key(texts) == serialize_entity_key(key, SERIALIZATION_VERSION) + PROJECT.encode()


names = st.from_regex(r"[a-z][a-z0-9-]{1,8}", fullmatch=True)


@pytest.mark.control(5)
@given(names, names, values)
def test_a_tenant_s_rows_are_found_and_nobody_else_s(tenant: str, other: str, item: str) -> None:
    assume(tenant != other)
    pattern = pattern_of({"tenant_id": tenant}, "item_id")
    assert matches(pattern, row_key({"tenant_id": tenant, "item_id": item}))
    assert not matches(pattern, row_key({"tenant_id": other, "item_id": item}))

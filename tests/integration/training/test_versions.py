"""Versions by command: listed, compared, promoted, rolled back, with real Spark, MLflow and Redis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from recolake.errors import InvalidInputError, NotFoundError
from recolake.ranking.pointer import current_version
from training.pipeline import train
from training.publish import GateError, publish
from training.rollback import NothingToRollBackError, rollback
from training.tracking import registry as tags
from training.tracking.registry import open_registry
from training.versions import view
from training.versions.catalogue import list_versions
from training.versions.compare import compare

if TYPE_CHECKING:
    from conftest import Shop


def _a_day_more(shop: Shop) -> None:
    """More purchases on the last day that there is: the test window stays where it is."""
    users = [f"p{group}-{person:02}" for group in range(3) for person in range(20)]
    items = [f"g{user[1]}-{number % 15:02}" for number, user in enumerate(users)]
    shop.learn(pa.array(np.full(len(users), np.datetime64("2025-03-01")), pa.date32()), users, items)


def test_versions_are_listed_compared_promoted_and_rolled_back(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    assert list_versions(settings, tenant) == []
    train(settings, tenant)
    with pytest.raises(NothingToRollBackError, match="nothing is served"):
        rollback(settings, tenant)
    publish(settings, tenant)
    with pytest.raises(NothingToRollBackError, match="v1 is the first"):
        rollback(settings, tenant)
    _a_day_more(shop)
    train(settings, tenant)
    publish(settings, tenant)

    two, one = list_versions(settings, tenant)
    assert (two.version, two.served, two.alias, two.kind) == ("v2", True, "champion", "refresh")
    assert (one.version, one.served, one.alias, one.kind) == ("v1", False, None, "first")
    assert one.algorithm == "matrix_factorization"
    assert one.gate_passed
    assert one.gate_refusals == ()
    for target in ("new_items", "all_items"):
        found = one.measured[target]
        assert found["ndcg@10_low"] <= found["ndcg@10"] <= found["ndcg@10_high"]
        assert one.slices[target]["long_tail_items"]["people"] > 0
    assert [version.version for version in list_versions(settings, tenant, 1)] == ["v2"]
    assert json.loads(view.as_json([two, one]))[0]["tables"] == dict(two.tables)

    comparison = compare(settings, tenant, "v1", "v2")
    assert comparison.paired
    paired = {row.target: row.difference for row in comparison.metrics if row.difference}
    assert paired.keys() == {"new_items", "all_items"}
    assert comparison.configuration == {}
    assert comparison.code is None
    assert comparison.tables["gold.training_set"] == (0, 1)
    with pytest.raises(InvalidInputError):
        compare(settings, tenant, "v1", "v1")
    with pytest.raises(NotFoundError, match="v9"):
        compare(settings, tenant, "v1", "v9")

    _roll_back_and_forth(shop)


def _roll_back_and_forth(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    report = rollback(settings, tenant)
    assert (report.model_version, report.previous) == ("v1", "v2")
    assert current_version(settings, tenant) == "v1"
    with open_registry(settings, tenant) as registry:
        assert registry.champion() == "v1"
    two, one = list_versions(settings, tenant)
    assert (two.served, two.withdrawn, one.served, one.held) == (False, True, True, True)

    # A newer model that passed does not end a rollback; a person does.
    with open_registry(settings, tenant) as registry:
        registry.tag("v2", tags.WITHDRAWN, "false")
    assert publish(settings, tenant).model_version == "v1"
    assert publish(settings, tenant, "v2").model_version == "v2"
    assert not list_versions(settings, tenant)[0].held
    assert rollback(settings, tenant).model_version == "v1"

    with open_registry(settings, tenant) as registry:
        registry.tag("v2", tags.GATE, tags.FAILED)
        registry.tag("v2", tags.REFUSALS, "new_items, cold_users: worse")
    with pytest.raises(GateError, match="cold_users: worse"):
        publish(settings, tenant, "v2")
    assert list_versions(settings, tenant)[0].gate_refusals == ("new_items, cold_users: worse",)
    assert publish(settings, tenant, "v2", force=True).model_version == "v2"

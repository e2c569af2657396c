"""What a model is measured with is what it is served with: one meaning of a history, from real tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from recolake.lake.read import read_tenant
from recolake.lake.tables import GOLD_USER_FEATURES
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from training.datasets.dataset import Dataset
from training.datasets.gold import load_dataset
from training.datasets.histories import habits, histories

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# By person and item: the share of the largest weight, on how many days taken, the first and the last of them;
# that is all that ranking takes from a history.
Histories = dict[str, dict[str, tuple[float, int, int, int]]]


def _served(spark: SparkSession, settings: Settings, tenant: Tenant, versions: dict[str, int]) -> Histories:
    """From the latest row of everybody in gold.user_features, which the online store holds."""
    latest: dict[str, Any] = {}
    version = versions[GOLD_USER_FEATURES.qualified]
    for row in read_tenant(spark, settings, GOLD_USER_FEATURES, tenant, version).collect():
        if row.user_id not in latest or latest[row.user_id].event_date < row.event_date:
            latest[row.user_id] = row
    return _shares({user: _held(row) for user, row in latest.items()})


def _held(row: Any) -> dict[str, tuple[float, int, int, int]]:
    told = (row.history_weights, row.history_days, row.history_first_days, row.history_last_days)
    return dict(zip(row.history_items, zip(*told, strict=True), strict=True))


def _measured(dataset: Dataset) -> Histories:
    """From the training set, as evaluation has it after the last day."""
    found = dataset.interactions
    rows, weights = histories(found, found.last_day)
    when = habits(found, rows)
    told = (array.tolist() for array in (weights, when.days, when.first, when.last))
    people: Histories = {}
    for user, item, *held in zip(rows.owners, rows.rows, *told, strict=True):
        people.setdefault(str(found.user_ids[user]), {})[str(found.item_ids[item])] = tuple(held)
    return _shares(people)


def _shares(people: Histories) -> Histories:
    return {
        user: {
            item: (weight / max(w for w, *_ in held.values()), *days)
            for item, (weight, *days) in held.items()
        }
        for user, held in people.items()
        if held
    }


def _assert_agree(served: Histories, measured: Histories) -> None:
    assert served.keys() == measured.keys()
    for user, held in served.items():
        assert measured[user].keys() == held.keys(), user
        for item, told in held.items():
            assert measured[user][item] == pytest.approx(told, rel=1e-5), (user, item)


def test_evaluation_and_serving_know_the_same_histories(
    arrivals: Any, spark: SparkSession, settings: Settings, behaviour: list[list[dict[str, Any]]]
) -> None:
    tenant, (looked, *_, bought) = arrivals.tenants["looks-first"], arrivals.versions
    only_looked = _served(spark, settings, tenant, looked)
    first = load_dataset(spark, settings, tenant, looked)
    assert only_looked, "where nobody takes anything, what people looked at is what they have"
    _assert_agree(only_looked, _measured(first))
    assert len(first.uploads) == 1

    served = _served(spark, settings, tenant, bought)
    second = load_dataset(spark, settings, tenant, bought)
    _assert_agree(served, _measured(second))
    events = [event for day in behaviour for event in day]
    taken = {(e["user_id"], e["item_id"]) for e in events if e["event_type"] == "purchase"}
    pairs = {(user, item) for user, held in served.items() for item in held}
    assert pairs
    assert pairs <= taken, "once people buy, looking no longer makes a history"
    assert second.interactions.met.nnz > second.interactions.taken.nnz == len(pairs)
    assert len(second.uploads) == 2
    assert set(first.uploads) < set(second.uploads)

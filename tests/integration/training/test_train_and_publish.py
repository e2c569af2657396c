"""From the gold training set to a served version, with real Spark, MLflow and Redis."""

from __future__ import annotations

import dataclasses
import shutil
import uuid
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from recolake.errors import InvalidInputError, NotFoundError, ServiceUnavailableError
from recolake.files import write_atomically
from recolake.journal.segments import sealed_segments
from recolake.lake.tables import GOLD_ITEM_EMBEDDINGS, GOLD_TRAINING_SET, GOLD_USER_EMBEDDINGS
from recolake.limits.calendar import month_of
from recolake.limits.plans import Allowance, Quota, TenantPlan, plans_snapshot, render_plans
from recolake.limits.plans import Kind as Metered
from recolake.lineage.graph import Direction
from recolake.lineage.known import lineage_of
from recolake.lineage.names import Kind, index, table
from recolake.lineage.queries import find_model
from recolake.moments import utc_now
from recolake.ranking.artifact import load_artifact, load_user_vectors
from recolake.ranking.pointer import activate, current_version, version_folder
from recolake.tenancy.context import Tenant
from recolake.usage.segments import read_meter
from training.pipeline import NotTrained, train, train_within_plan
from training.publish import GateError, publish
from training.tracking import registry as tags
from training.tracking.registry import open_registry

if TYPE_CHECKING:
    from conftest import Shop

_DAY = np.datetime64("2025-03-02")


def _one_more_day(shop: Shop) -> None:
    users = [f"p{group}-{person:02}" for group in range(3) for person in range(20)]
    items = [f"g{user[1]}-{number % 15:02}" for number, user in enumerate(users)]
    dates = pa.array(np.full(len(users), _DAY), pa.date32())
    ones = pa.array(np.ones(len(users)))
    shop.append(
        GOLD_TRAINING_SET,
        pa.table({"event_date": dates, "user_id": users, "item_id": items, "weight": ones}),
    )


def test_a_model_is_trained_recorded_published_and_found_again(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    said: list[str] = []
    report = train(settings, tenant, progress=said.append)
    assert (report.model_version, report.gate_passed, report.already_trained) == ("v1", True, False), report
    billed = [each for path in sealed_segments(settings.journal_root) for each in read_meter(path)[0]]
    mine = [(each.kind, each.usage_id) for each in billed if each.tenant_id == tenant.name]
    assert mine == [(Metered.TRAINING_MINUTES, f"training_{report.run_id}")]
    for word in (
        GOLD_TRAINING_SET.qualified,
        "interactions",
        "test window",
        "tuning 3/3",
        "champion",
        "refitted",
    ):
        assert any(word in line for line in said), f"progress says nothing of {word}: {said}"
    assert set(report.metrics) == {"champion", "popularity", "recent_popularity", "own_frequency", "item_knn"}
    for target in ("new_items", "all_items"):
        found = report.metrics["champion"][target]
        assert found["ndcg@10_low"] <= found["ndcg@10"] <= found["ndcg@10_high"]
        assert found["ndcg@10"] > report.metrics["popularity"][target]["ndcg@10"]

    artifact = load_artifact(version_folder(settings, tenant, "v1"), tenant)
    assert artifact.manifest.inputs[GOLD_TRAINING_SET.qualified] == 0
    assert artifact.manifest.uploads == ["upload-a", "upload-b"], (
        "those that the model learnt from, and no other"
    )
    assert artifact.manifest.mlflow_run_id == report.run_id
    assert artifact.items.titles[artifact.items.row_of["g0-03"]] == "Title of g0-03"
    assert artifact.items.attributes[0] == {"colour": "red", "price": "2.5"}
    assert (artifact.items.ids[-1], artifact.manifest.cold_items) == ("new", 1), "nobody had met it"
    assert artifact.content is not None
    assert report.cold["items.served"] == 1
    assert "items.from_content.ndcg@10" in report.cold
    _assert_recorded(shop, report.run_id)

    again = train(settings, tenant)
    assert (again.already_trained, again.model_version, again.metrics) == (True, "v1", report.metrics)

    assert current_version(settings, tenant) is None
    published = publish(settings, tenant)
    assert (published.model_version, published.previous, published.changed) == ("v1", None, True)
    assert (published.users, published.items) == (60, 46)
    assert (shop.rows(GOLD_USER_EMBEDDINGS), shop.rows(GOLD_ITEM_EMBEDDINGS)) == (60, 46)
    assert current_version(settings, tenant) == "v1"
    with open_registry(settings, tenant) as registry:
        assert registry.champion() == "v1"

    known = lineage_of(settings, tenant)
    (trained,) = find_model(known, "v1")
    above = known.reach([trained], Direction.UP)
    assert {node.short_name for node in above if node.kind is Kind.UPLOAD} == {"upload-a", "upload-b"}
    assert known.graph.next_to(trained, Direction.UP)[table("gold.training_set", 0)] == "train"
    assert index("v1") in known.reach([trained], Direction.DOWN)

    after = train(settings, tenant)
    assert after.already_trained, "a served model must not make the same inputs another run"


def _assert_recorded(shop: Shop, run_id: str) -> None:
    with open_registry(shop.settings, shop.tenant) as registry:
        run = registry.client.get_run(run_id)
        assert run.data.params["algorithm.factors"] == "64"
        assert {given.dataset.name for given in run.inputs.dataset_inputs} >= {GOLD_TRAINING_SET.qualified}
        assert {"metrics.json", "figures"} <= {file.path for file in registry.client.list_artifacts(run_id)}
        assert registry.version("v1").tags[tags.GATE] == tags.PASSED


def test_the_registered_model_answers_without_any_pickle(shop: Shop) -> None:
    import mlflow
    import pandas as pd

    report = train(shop.settings, shop.tenant)
    with open_registry(shop.settings, shop.tenant) as registry:
        uri = f"models:/{registry.model_name}/1"
        folder = mlflow.artifacts.download_artifacts(artifact_uri=uri)
        model = mlflow.pyfunc.load_model(uri)
        answer = model.predict(pd.DataFrame({"user_id": ["p1-04", "nobody"]}), params={"k": 5})
    assert report.gate_passed
    assert len(answer) == 2
    assert sum(item.startswith("g1-") for item in answer[0]) >= 4
    assert len(answer[1]) == 5
    from pathlib import Path

    assert not [path for path in Path(folder).rglob("*") if path.suffix in {".pkl", ".pickle", ".pt"}]


def test_retraining_from_the_same_versions_gives_the_same_vectors_and_figures(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    first = train(settings, tenant)
    with open_registry(settings, tenant) as registry:
        registry.client.delete_run(first.run_id)
    second = train(settings, tenant)
    assert (second.already_trained, second.model_version) == (False, "v2")
    assert second.metrics == first.metrics
    one, two = (load_artifact(version_folder(settings, tenant, v), tenant) for v in ("v1", "v2"))
    assert one.manifest.files == two.manifest.files


def test_a_lost_artefact_comes_back_from_the_registry(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    train(settings, tenant)
    folder = version_folder(settings, tenant, "v1")
    before = load_artifact(folder, tenant).manifest
    shutil.rmtree(folder)
    publish(settings, tenant)
    after = load_artifact(folder, tenant).manifest
    assert after == before


def test_a_registry_that_was_set_up_anew_gets_a_successor_of_the_served_model(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    first = train(settings, tenant)
    publish(settings, tenant)
    with open_registry(settings, tenant) as registry:
        assert registry.run("0" * 32) is None
        registry.client.delete_run(first.run_id)
        registry.client.delete_registered_model(registry.model_name)
    second = train(settings, tenant)
    assert second.model_version == "v2", "the name v1 is the served artefact's"
    assert current_version(settings, tenant) == "v1"
    assert publish(settings, tenant).model_version == "v2"


def test_a_refresh_keeps_the_configuration_and_a_rollback_stays_rolled_back(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    train(settings, tenant)
    publish(settings, tenant)
    _one_more_day(shop)
    refreshed = train(settings, tenant)
    assert (refreshed.model_version, refreshed.already_trained) == ("v2", False)
    one, two = (load_artifact(version_folder(settings, tenant, v), tenant).manifest for v in ("v1", "v2"))
    assert one.config == two.config
    assert two.inputs[GOLD_TRAINING_SET.qualified] == 1
    assert publish(settings, tenant).model_version == "v2"

    assert publish(settings, tenant, "v1").changed
    assert current_version(settings, tenant) == "v1"
    assert publish(settings, tenant).model_version == "v1", "a rollback must not be undone by the next run"
    assert publish(settings, tenant, "v2").model_version == "v2"
    assert shop.rows(GOLD_USER_EMBEDDINGS) == 120


def test_a_publication_killed_half_way_is_completed_by_the_next(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    train(settings, tenant)
    # Killed between the switch and the alias, with Delta written in part: nothing of it is final.
    activate(settings, tenant, "v1")
    report = publish(settings, tenant)
    assert (report.model_version, report.changed) == ("v1", True)
    assert shop.rows(GOLD_USER_EMBEDDINGS) == 60
    with open_registry(settings, tenant) as registry:
        assert registry.champion() == "v1"
    publish(settings, tenant)
    assert shop.rows(GOLD_USER_EMBEDDINGS) == 60


def test_what_failed_its_gate_is_published_only_by_force(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    report = train(settings, tenant)
    with open_registry(settings, tenant) as registry:
        registry.tag(report.model_version, tags.GATE, tags.FAILED)
    with pytest.raises(NotFoundError, match="no model that passed"):
        publish(settings, tenant)
    with pytest.raises(GateError):
        publish(settings, tenant, "v1")
    assert current_version(settings, tenant) is None
    assert publish(settings, tenant, "v1", force=True).model_version == "v1"


def test_user_vectors_and_index_are_of_the_same_model(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    train(settings, tenant)
    folder = version_folder(settings, tenant, "v1")
    artifact, users = load_artifact(folder, tenant), load_user_vectors(folder)
    best = np.argsort(-(users.vectors @ artifact.vectors.T), axis=1)[:, :5]
    groups = [[artifact.items.ids[row][1] for row in rows] for rows in best]
    assert np.mean([g == user[1] for user, found in zip(users.ids, groups, strict=True) for g in found]) > 0.9


def test_a_tenant_with_hardly_any_data_is_told_so(shop: Shop) -> None:
    small = dataclasses.replace(shop, tenant=Tenant(f"small-{uuid.uuid4().hex[:8]}"))
    small.learn(pa.array(np.array([_DAY]), pa.date32()), ["somebody"], ["something"])
    report = train(small.settings, small.tenant)
    assert (report.model_version, report.gate_passed, report.metrics) == ("v1", False, {})
    assert len(report.gate_reasons) == 1
    assert report.gate_reasons[0].startswith("too little data")
    with pytest.raises(NotFoundError, match="no model that passed"):
        publish(small.settings, small.tenant)


def test_clear_errors_where_there_is_nothing(shop: Shop) -> None:
    settings = shop.settings
    with pytest.raises(InvalidInputError, match="no interactions"):
        train(settings, Tenant("somebody-else"))
    with pytest.raises(NotFoundError):
        publish(settings, shop.tenant)
    with pytest.raises(NotFoundError):
        publish(settings, shop.tenant, "v7")
    nowhere = settings.model_copy(update={"mlflow_url": "http://127.0.0.1:9"})
    with pytest.raises(ServiceUnavailableError, match="MLflow"):
        train(nowhere, shop.tenant)


def test_with_its_minutes_used_up_a_tenant_is_passed_over_and_nothing_is_trained(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    used_up = Allowance(10, 10, 10, hard=True)
    plan = TenantPlan("small", month_of(utc_now()), quotas={Quota.TRAINING_MINUTES: used_up})
    path = plans_snapshot(settings)
    before = path.read_bytes() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, render_plans({tenant: plan}))
    said: list[str] = []
    try:
        report = train_within_plan(settings, tenant, retune=False, budget=None, progress=said.append)
    finally:
        write_atomically(path, before or render_plans({}))
    assert isinstance(report, NotTrained)
    assert not report.gate_passed
    assert any("training minutes" in line for line in said)
    with open_registry(settings, tenant) as registry:
        assert registry.client.search_runs([registry.experiment_id()]) == []

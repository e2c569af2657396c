"""A version is made once more, to the last bit, from the table versions, configuration and seed of then."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from recolake.errors import NotFoundError
from recolake.lake.tables import GOLD_TRAINING_SET
from recolake.ranking.artifact import INDEX_FILE, load_artifact
from recolake.ranking.manifest import MANIFEST_FILE
from recolake.ranking.pointer import current_version, version_folder
from training.pipeline import train
from training.publish import publish
from training.time_travel import train_as_of
from training.tracking.registry import open_registry
from training.versions.catalogue import list_versions

if TYPE_CHECKING:
    from conftest import Shop


def test_the_same_index_and_figures_come_out_after_the_tables_went_on(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    first = train(settings, tenant, seed=5)
    publish(settings, tenant)
    users = [f"p{group}-{person:02}" for group in range(3) for person in range(20)]
    items = [f"g{user[1]}-new" for user in users]
    shop.learn(pa.array(np.full(len(users), np.datetime64("2025-03-02")), pa.date32()), users, items)

    said: list[str] = []
    report = train_as_of(settings, tenant, "v1", progress=said.append)
    manifest = load_artifact(version_folder(settings, tenant, "v1"), tenant).manifest
    assert report.recorded_index_checksum == manifest.files[INDEX_FILE].sha256
    assert report.same_index
    assert report.changed_metrics == {}
    assert report.metrics == first.metrics
    assert report.circumstances == ()
    assert any(f"{GOLD_TRAINING_SET.qualified} (version 0)" in line for line in said)

    assert [version.version for version in list_versions(settings, tenant)] == ["v1"], "nothing is registered"
    assert publish(settings, tenant).model_version == "v1"
    with open_registry(settings, tenant) as registry:
        run = registry.run(report.run_id)
        assert run is not None
        assert run.data.tags["recolake.reproduces"] == "v1"
        assert "recolake.version" not in run.data.tags
    after = train(settings, tenant, seed=5)
    assert (after.already_trained, after.model_version) == (False, "v2"), "no run is taken for a model"

    _other_circumstances_are_said(shop)
    with pytest.raises(NotFoundError, match="v9"):
        train_as_of(settings, tenant, "v9")
    assert current_version(settings, tenant) == "v1"


def _other_circumstances_are_said(shop: Shop) -> None:
    path = version_folder(shop.settings, shop.tenant, "v1") / MANIFEST_FILE
    manifest = json.loads(path.read_text())
    manifest["machine"]["threads"] = "64"
    path.write_text(json.dumps(manifest))
    report = train_as_of(shop.settings, shop.tenant, "v1")
    assert any(line.startswith("threads was 64, is ") for line in report.circumstances)

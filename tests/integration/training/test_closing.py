"""A tenant's place in MLflow is made once, and taken away with its files; others' stays."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from recolake.platform import control
from recolake.privacy.stores import Leaving
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.namespaces import make_experiment
from training.erasure.whole import dismiss_artefacts
from training.tracking.registry import open_registry


@pytest.fixture
def tracking(postgres: Settings) -> Settings:
    """MLflow, without the engine."""
    control.up(postgres, ("mlflow",))
    return postgres


def _learn(settings: Settings, tenant: Tenant, folder: Path) -> None:
    """A run with a file, a model of it, a registered version, and an artefact here."""
    (folder / "vectors.txt").write_text(tenant.name)
    (settings.index_root / tenant.name / "v1").mkdir(parents=True)
    with open_registry(settings, tenant) as registry:
        run = registry.client.create_run(registry.experiment_id())
        registry.client.log_artifact(run.info.run_id, str(folder / "vectors.txt"))
        registry.client.create_logged_model(registry.experiment_id(), source_run_id=run.info.run_id)
        registry.client.create_registered_model(registry.model_name)
        source = f"{run.info.artifact_uri}/vectors.txt"
        registry.client.create_model_version(registry.model_name, source, run.info.run_id)


def test_a_place_in_mlflow_is_made_once_and_taken_away_whole(tracking: Settings, tmp_path: Path) -> None:
    gone, stays = (Tenant(f"t{uuid4().hex[:12]}") for _ in range(2))
    for tenant in (gone, stays):
        assert make_experiment(tracking, tenant) == make_experiment(tracking, tenant)
        _learn(tracking, tenant, tmp_path)
    leaving = Leaving(tracking, gone, lambda _: None)
    found = {each.store: (each.found, each.left) for each in dismiss_artefacts(leaving)}
    assert found == {"artefacts": (1, 0), "mlflow": (2, 0)}
    kept = list((tracking.home / "mlflow").rglob("vectors.txt"))
    assert [path.read_text() for path in kept] == [stays.name]
    with open_registry(tracking, gone) as registry:
        assert registry.client.search_registered_models(f"name = '{registry.model_name}'") == []
        experiment = registry.client.get_experiment_by_name(registry.experiment)
        assert experiment is not None
        assert experiment.lifecycle_stage == "deleted"
    with open_registry(tracking, stays) as registry:
        assert len(registry.client.search_model_versions(f"name = '{registry.model_name}'")) == 1
        assert len(registry.client.search_runs([registry.experiment_id()])) == 1
    assert {each.found for each in dismiss_artefacts(leaving) if each.store == "artefacts"} == {0}

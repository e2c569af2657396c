"""An experiment starts with both models online, and ends when another version is published by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from control_plane.app import create_app
from recolake.errors import NotFoundError, ServiceUnavailableError
from recolake.experiments.document import Stopper
from recolake.experiments.lifecycle import ExperimentRunsError
from recolake.experiments.store import latest_experiment, running_experiment
from recolake.features.online import redis_client, vectors_ready
from recolake.features.store import offline_store
from recolake.files import write_atomically
from recolake.ranking.artifact import users_checksum
from recolake.ranking.manifest import read_manifest
from recolake.ranking.pointer import current_version, version_folder
from recolake.settings import Settings
from recolake.tenancy.api_keys import KeySnapshot, generate_key, hash_key, keys_snapshot, render_snapshot
from training.pipeline import train
from training.publish import GateError, publish
from training.rollout import AlreadyServedError, start_experiment
from training.tracking import registry as tags
from training.tracking.registry import open_registry

if TYPE_CHECKING:
    from conftest import Shop


def over_http(shop: Shop, folder: Path, body: dict[str, object]) -> Any:
    """What the control plane answers to `POST /v1/experiments`, asked with a key of the shop's."""
    secret, record = generate_key(shop.tenant)
    keys = Settings(home=folder / "keys")
    write_atomically(keys_snapshot(keys), render_snapshot({hash_key(secret): record}))
    app = create_app(shop.settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        app.state.keys = KeySnapshot(keys)
        return client.post("/v1/experiments", json=body, headers={"Authorization": f"Bearer {secret}"})


def test_the_life_of_an_experiment(shop: Shop, tmp_path: Path) -> None:
    settings, tenant = shop.settings, shop.tenant
    from feature_repo.definitions import apply_definitions

    apply_definitions(settings, offline_store(settings))
    with pytest.raises(NotFoundError, match="Nothing is served"):
        start_experiment(settings, tenant, "v1", 0.5)
    train(settings, tenant)
    publish(settings, tenant)
    train(settings, tenant, seed=1)
    with pytest.raises(AlreadyServedError):
        start_experiment(settings, tenant, "v1", 0.5)
    with pytest.raises(NotFoundError):
        start_experiment(settings, tenant, "v9", 0.5)
    with open_registry(settings, tenant) as registry:
        registry.tag("v2", tags.GATE, tags.FAILED)
    with pytest.raises(GateError):
        start_experiment(settings, tenant, "v2", 0.5)
    down = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    with pytest.raises(ServiceUnavailableError, match="Redis"):
        start_experiment(down, tenant, "v2", 0.5, force=True)
    assert running_experiment(settings, tenant) is None

    # Over HTTP, which calls the same function.
    answer = over_http(shop, tmp_path, {"challenger": "v2", "share": 0.3, "force": True})
    assert answer.status_code == 201, answer.text
    started = running_experiment(settings, tenant)
    assert started is not None
    told = {"experiment_id": started.experiment_id, "champion": "v1", "challenger": "v2", "share": 0.3}
    assert answer.json().items() >= (told | {"state": "running", "trouble": None, "ending": None}).items()
    assert started.salt not in answer.text
    client = redis_client(settings)
    for version, checksum in (("v1", started.champion_checksum), ("v2", started.challenger_checksum)):
        assert checksum == users_checksum(read_manifest(version_folder(settings, tenant, version)))
        assert vectors_ready(client, tenant, version, checksum)
    with pytest.raises(ExperimentRunsError):
        start_experiment(settings, tenant, "v2", 0.3, force=True)

    with open_registry(settings, tenant) as registry:
        registry.tag("v2", tags.GATE, tags.PASSED)
    assert not publish(settings, tenant).changed, "by itself nothing newer is published meanwhile"
    assert running_experiment(settings, tenant) == started
    assert publish(settings, tenant, "v2").changed
    assert current_version(settings, tenant) == "v2"
    ended = latest_experiment(settings, tenant)
    assert ended is not None
    assert ended.ending is not None
    assert ended.ending.by is Stopper.PUBLICATION

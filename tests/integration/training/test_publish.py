"""Publication with real Spark, MLflow and Redis: what is damaged or lost comes back by the same command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recolake.errors import NotFoundError, ServiceUnavailableError
from recolake.features.lake_vectors import lake_vectors
from recolake.features.names import View
from recolake.features.online import redis_client, vectors_mark, vectors_ready
from recolake.features.store import offline_store, online_store
from recolake.lake.tables import GOLD_ITEM_EMBEDDINGS
from recolake.ranking.artifact import INDEX_FILE, load_artifact
from recolake.ranking.manifest import MANIFEST_FILE
from recolake.ranking.pointer import current_version, version_folder
from recolake.tenancy.locks import Work, exclusive
from training.pipeline import train
from training.publish import publish

if TYPE_CHECKING:
    from conftest import Shop


def test_a_damaged_served_artefact_is_repaired_by_publishing_and_the_bad_one_kept_for_a_look(
    shop: Shop,
) -> None:
    settings, tenant = shop.settings, shop.tenant
    train(settings, tenant)
    publish(settings, tenant)
    folder = version_folder(settings, tenant, "v1")
    whole = load_artifact(folder, tenant).manifest
    for name in (INDEX_FILE, MANIFEST_FILE):
        (folder / name).write_bytes(b"torn")
        said: list[str] = []
        report = publish(settings, tenant, progress=said.append)
        assert (report.model_version, report.previous, report.changed) == ("v1", "v1", True)
        assert any("fetched" in sentence for sentence in said)
        assert load_artifact(folder, tenant).manifest == whole
        assert (folder.parent / ".damaged-v1" / name).read_bytes() == b"torn"
    assert not publish(settings, tenant).changed
    (folder / MANIFEST_FILE).write_bytes(b"torn")
    assert train(settings, tenant).model_version == "v1", "nor does a damaged one hold up training"


def test_vectors_of_people_and_items_reach_redis_and_those_of_another_model_give_way(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    from feature_repo.definitions import apply_definitions

    apply_definitions(settings, offline_store(settings))
    train(settings, tenant)
    assert publish(settings, tenant).online
    model = load_artifact(version_folder(settings, tenant, "v1"), tenant)
    client, checksum = redis_client(settings), model.users_checksum
    assert vectors_ready(client, tenant, "v1", checksum)
    assert _item_vector(shop, model.items.ids[3]) == pytest.approx(model.vectors[3].tolist())

    # What another model of the same name left behind, online and in the lake.
    client.set(vectors_mark(tenant, "v1"), "0" * 64)
    location = GOLD_ITEM_EMBEDDINGS.location(settings)
    shop.spark.sql(f"UPDATE delta.`{location}` SET model_checksum = 'another', vector = array(float(0))")
    assert publish(settings, tenant).changed
    assert vectors_ready(client, tenant, "v1", checksum)
    there = lake_vectors(shop.spark, settings, View.ITEM_VECTOR, tenant, "v1", checksum)
    assert {len(row["vector"]) for row in there.collect()} == {model.vectors.shape[1]}
    assert shop.rows(GOLD_ITEM_EMBEDDINGS) == len(model.items)
    assert not publish(settings, tenant).changed


def test_a_rollback_does_not_wait_for_a_training(shop: Shop) -> None:
    with exclusive(shop.settings, shop.tenant, Work.TRAINING), pytest.raises(NotFoundError):
        publish(shop.settings, shop.tenant, "v1")


def test_without_redis_nothing_is_served_and_the_next_publication_completes_it(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    train(settings, tenant)
    down = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    with pytest.raises(ServiceUnavailableError, match="Redis"):
        publish(down, tenant)
    assert current_version(settings, tenant) is None
    assert publish(settings, tenant).model_version == "v1"


def _item_vector(shop: Shop, item: str) -> list[float]:
    keys = {"tenant_id": shop.tenant.name, "item_id": item, "model_version": "v1"}
    found = online_store(shop.settings, 30.0).get_online_features([f"{View.ITEM_VECTOR}:vector"], [keys])
    vector: list[float] = found.to_dict()["vector"][0]
    return vector

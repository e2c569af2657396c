"""Models are exchanged whole, under load, and only for good ones."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recolake.ranking.pointer import activate, version_folder
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")


def flip_a_bit(folder: Path) -> None:
    path = folder / "index.faiss"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def cut(folder: Path) -> None:
    path = folder / "items.json"
    path.write_bytes(path.read_bytes()[:-9])


def lie_about_the_dimension(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"dimension": 9}))


def give_to_a_rival(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tenant_id": "rival"}))


def remove_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def remove_everything(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.fault(14)
def test_no_request_fails_and_none_mixes_versions_while_models_are_swapped(api: Any, shop: Any) -> None:
    stop = threading.Event()
    seen: list[tuple[int, str, str]] = []

    def load() -> None:
        while not stop.is_set():
            answer = api.ask(user_id="ada", k=3)
            body = answer.json()
            seen.append((answer.status_code, body.get("model_version"), body.get("strategy")))

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for version in ("v2", "v3", "v4"):
            shop.publish(version, ["ada"])
            api.until(f"{version} in service", lambda v=version: seen and seen[-1][1] == v)
        activate(shop.settings, SHOP, "v2")
        api.until("the rollback", lambda: seen[-1][1] == "v2")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert {status for status, _, _ in seen} == {200}
    # Personal throughout: the vector read was always that of the model that ranked.
    assert {strategy for _, _, strategy in seen} == {"personal"}
    assert {version for _, version, _ in seen} == {"v1", "v2", "v3", "v4"}


@pytest.mark.fault(11)
@pytest.mark.parametrize(
    "damage",
    [flip_a_bit, cut, lie_about_the_dimension, give_to_a_rival, remove_the_manifest, remove_everything],
)
def test_a_bad_artefact_never_replaces_a_good_one(
    api: Any, shop: Any, damage: Callable[[Path], None]
) -> None:
    shop.write_artifact("v2", ["ada"])
    folder = version_folder(shop.settings, SHOP, "v2")
    if damage is not remove_everything:
        damage(folder)
        activate(shop.settings, SHOP, "v2")
    else:
        activate(shop.settings, SHOP, "v2")
        damage(folder)
    api.until("the refusal", lambda: api.client.get("/ready").json()["models_refused"] == 1)
    assert api.ask(user_id="ada").json()["model_version"] == "v1"
    assert 'recolake_model_swaps_total{outcome="refused"} 1.0' in api.client.get("/metrics").text


def test_a_repaired_artefact_is_taken_without_a_new_publication(api: Any, shop: Any) -> None:
    people = shop.write_artifact("v2", ["ada"])
    shop.write_vectors("v2", people)
    manifest = version_folder(shop.settings, SHOP, "v2") / "manifest.json"
    good = manifest.read_bytes()
    manifest.write_bytes(b"{}")
    activate(shop.settings, SHOP, "v2")
    api.until("the refusal", lambda: api.client.get("/ready").json()["models_refused"] == 1)
    manifest.write_bytes(good)
    api.until("the repair", lambda: api.ask(user_id="ada").json()["model_version"] == "v2")
    assert api.client.get("/ready").json()["models_refused"] == 0


def test_a_version_that_calls_itself_another_is_refused(api: Any, shop: Any) -> None:
    shop.write_artifact("v3", ["ada"], folder_version="v2")
    activate(shop.settings, SHOP, "v2")
    api.until("the refusal", lambda: api.client.get("/ready").json()["models_refused"] == 1)
    assert api.ask(user_id="ada").json()["model_version"] == "v1"


def test_a_model_whose_vectors_are_not_online_yet_waits_for_them(api: Any, shop: Any) -> None:
    people = shop.write_artifact("v2", ["ada"])
    activate(shop.settings, SHOP, "v2")
    api.until("the waiting", lambda: api.client.get("/ready").json()["models_waiting"] == 1)
    kept = api.ask(user_id="ada").json()
    assert (kept["model_version"], kept["strategy"]) == ("v1", "personal")
    shop.write_vectors("v2", people)
    api.until("v2 in service", lambda: api.ask(user_id="ada").json()["model_version"] == "v2")
    assert api.ask(user_id="ada").json()["strategy"] == "personal"


def test_vectors_of_another_model_of_the_same_version_name_are_no_reason_to_swap(api: Any, shop: Any) -> None:
    """As when a registry that lost its database gives a name again: Redis still holds the old vectors."""
    shop.write_vectors("v2", shop.write_artifact("v2", ["ada", "ben"]))
    shutil.rmtree(version_folder(shop.settings, SHOP, "v2"))
    people = shop.write_artifact("v2", ["ada"])
    activate(shop.settings, SHOP, "v2")
    api.until("the waiting", lambda: api.client.get("/ready").json()["models_waiting"] == 1)
    assert api.ask(user_id="ada").json()["model_version"] == "v1"
    shop.write_vectors("v2", people)
    api.until("v2 in service", lambda: api.ask(user_id="ada").json()["model_version"] == "v2")


def test_a_pointer_that_cannot_be_read_withdraws_nothing(api: Any, shop: Any) -> None:
    pointer = shop.settings.index_root / "shop" / "CURRENT"
    content = pointer.read_bytes()
    pointer.write_bytes(b"")
    api.until("the notice", lambda: api.client.get("/ready").json()["models_unreadable"] == 1)
    assert api.ask(user_id="ada").json()["model_version"] == "v1"
    pointer.write_bytes(content)
    api.until("the repair", lambda: api.client.get("/ready").json()["models_unreadable"] == 0)


def test_a_withdrawn_model_is_served_no_more(api: Any, shop: Any) -> None:
    (shop.settings.index_root / "shop" / "CURRENT").unlink()
    api.until("the withdrawal", lambda: api.ask(user_id="ada").status_code == 503)
    assert api.client.get("/ready").status_code == 503


def test_a_rollback_brings_the_vectors_that_redis_lost_without_spark_or_mlflow(api: Any, shop: Any) -> None:
    import redis

    from recolake.features.online import drop_vectors, vectors_ready
    from recolake.ranking.artifact import load_artifact
    from recolake.ranking.history import read_history, write_history
    from training.rollback import rollback

    before = read_history(shop.settings, SHOP)
    shop.publish("v2", ["ada"])
    write_history(shop.settings, SHOP, before.moved_on("v2", None))
    api.until("v2 in service", lambda: api.ask(user_id="ada").json()["model_version"] == "v2")
    client = redis.Redis.from_url(shop.valkey.url)
    drop_vectors(client, SHOP, "v1")
    nowhere = {"spark_url": "sc://127.0.0.1:9", "mlflow_url": "http://127.0.0.1:9"}
    report = rollback(shop.settings.model_copy(update=nowhere), SHOP)
    assert (report.model_version, report.previous, report.online) == ("v1", "v2", True)
    one = load_artifact(version_folder(shop.settings, SHOP, "v1"), SHOP)
    assert vectors_ready(client, SHOP, "v1", one.users_checksum)
    api.until("v1 in service", lambda: api.ask(user_id="ada").json()["model_version"] == "v1")
    assert api.ask(user_id="ada").json()["strategy"] == "personal"

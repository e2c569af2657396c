"""Vectors online are the served model's and no other's, whatever happened to names, lake or process."""

from __future__ import annotations

import shutil
import threading
from typing import Any

import pytest
import redis

from feature_repo.materialize import materialize
from recolake.experiments.document import Stopper
from recolake.experiments.lifecycle import begin, new_experiment, stop
from recolake.features import online
from recolake.features.lake_vectors import lake_vectors
from recolake.features.names import View
from recolake.features.online import vectors_mark, vectors_ready, write_vectors
from recolake.ranking.artifact import load_artifact
from recolake.ranking.manifest import MANIFEST_FILE, read_manifest
from recolake.ranking.pointer import version_folder
from recolake.tenancy.locks import Work, exclusive


@pytest.fixture
def shop(lake: Any) -> Any:
    """Features of two people; `v1` is served, and online."""
    lake.users(("ada", 0, ["a"]), ("ben", 0, ["b"]))
    lake.items(("a", 0, 1.0))
    lake.vectors("v1", {"ada": [1.0], "ben": [2.0]})
    lake.serve("v1")
    materialize(lake.settings, lake.tenant)
    return lake


def test_another_model_under_the_same_name_replaces_the_vectors_of_the_first(
    shop: Any, cache: redis.Redis
) -> None:
    first = shop.vectors("v2", {"ada": [3.0], "ben": [4.0]})
    shop.serve("v2")
    materialize(shop.settings, shop.tenant)
    shutil.rmtree(version_folder(shop.settings, shop.tenant, "v2"))
    second = shop.vectors("v2", {"ada": [5.0]})
    ready = [vectors_ready(cache, shop.tenant, "v2", model.users_checksum) for model in (first, second)]
    assert ready == [True, False], "the name is the same, the model is not"
    materialize(shop.settings, shop.tenant)
    assert shop.online("ada", "v2")["vector"] == [5.0]
    assert shop.online("ben", "v2")["vector"] is None, "the second model does not know them"
    assert vectors_ready(cache, shop.tenant, "v2", second.users_checksum)


def test_where_the_lake_lacks_the_served_model_no_other_s_vectors_stay_under_its_name(
    shop: Any, cache: redis.Redis
) -> None:
    shutil.rmtree(version_folder(shop.settings, shop.tenant, "v1"))
    model = shop.model("v1", {"ada": [9.0]})
    said: list[str] = []
    materialize(shop.settings, shop.tenant, progress=said.append)
    assert any("recolake publish" in sentence for sentence in said)
    assert shop.online("ada", "v1")["vector"] is None
    assert shop.history("ada") == ["a"]
    assert not vectors_ready(cache, shop.tenant, "v1", model.users_checksum)


def test_a_damaged_served_artefact_does_not_keep_features_from_being_fresh(shop: Any) -> None:
    (version_folder(shop.settings, shop.tenant, "v1") / MANIFEST_FILE).write_text("{")
    shop.users(("ada", 1, ["b", "a"]))
    said: list[str] = []
    materialize(shop.settings, shop.tenant, progress=said.append)
    assert shop.history("ada") == ["b", "a"]
    assert shop.online("ada", "v1")["vector"] == [1.0]
    assert any("v1 is damaged" in sentence for sentence in said)


def test_a_rollback_that_is_under_way_keeps_its_vectors(shop: Any, cache: redis.Redis) -> None:
    """Materialization sees pointer and vectors before the rollback or after it, never in between."""
    for number in (3, 4, 5):
        shop.vectors(f"v{number}", {"ada": [float(number)]})
        shop.serve(f"v{number}")
        materialize(shop.settings, shop.tenant)
    assert shop.online("ada", "v1")["vector"] is None, "v1 is old, so it went"
    old = {
        view: lake_vectors(shop.spark, shop.settings, view, shop.tenant, "v1", checksum).toArrow()
        for view, checksum in ((v, _checksum(shop, "v1")) for v in (View.USER_VECTOR, View.ITEM_VECTOR))
    }
    waiting = threading.Event()

    def notice(sentence: str) -> None:
        if "publication" in sentence:
            waiting.set()

    other = threading.Thread(
        target=materialize, args=(shop.settings, shop.tenant), kwargs={"progress": notice}
    )
    with exclusive(shop.settings, shop.tenant, Work.PUBLICATION):
        write_vectors(shop.settings, shop.tenant, "v1", _checksum(shop, "v1"), old)
        other.start()
        assert waiting.wait(120)
        shop.serve("v1")
    other.join()
    assert shop.online("ada", "v1")["vector"] == [1.0]
    assert vectors_ready(cache, shop.tenant, "v1", _checksum(shop, "v1"))


def test_a_removal_that_dies_half_way_is_completed_by_the_next_run(
    shop: Any, cache: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (2, 3):
        shop.vectors(f"v{number}", {"ada": [float(number)]})
        shop.serve(f"v{number}")
        materialize(shop.settings, shop.tenant)
    shop.vectors("v4", {"ada": [4.0]})
    shop.serve("v4")

    class Killed(BaseException):
        """As good as SIGKILL: nothing in the code handles it."""

    def die(*_: Any) -> int:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(online, "delete_keys", die)
        with pytest.raises(Killed):
            materialize(shop.settings, shop.tenant)
    assert not vectors_ready(cache, shop.tenant, "v1", _checksum(shop, "v1")), "half of them are not all"
    materialize(shop.settings, shop.tenant)
    assert shop.online("ada", "v1")["vector"] is None
    assert shop.item_vector("a", "v1") is None
    assert not cache.exists(vectors_mark(shop.tenant, "v1"))


def _checksum(shop: Any, version: str) -> str:
    return load_artifact(version_folder(shop.settings, shop.tenant, version), shop.tenant).users_checksum


def test_the_challenger_s_vectors_are_brought_like_the_champion_s_and_kept_while_it_is_tried(
    shop: Any, cache: redis.Redis
) -> None:
    shop.vectors("v2", {"ada": [3.0], "ben": [4.0]})
    folders = (version_folder(shop.settings, shop.tenant, version) for version in ("v1", "v2"))
    trial = new_experiment(shop.tenant, *(read_manifest(folder) for folder in folders), 0.5)
    begin(shop.settings, trial)
    materialize(shop.settings, shop.tenant)
    assert vectors_ready(cache, shop.tenant, "v2", trial.challenger_checksum)
    for version in ("v3", "v4", "v5"):
        people = shop.vectors(version, {"ada": [9.0]})
        rows = lake_vectors(
            shop.spark, shop.settings, View.USER_VECTOR, shop.tenant, version, people.users_checksum
        ).toArrow()
        write_vectors(shop.settings, shop.tenant, version, people.users_checksum, {View.USER_VECTOR: rows})
    materialize(shop.settings, shop.tenant)
    assert [shop.online("ada", version)["vector"] for version in ("v1", "v2")] == [[1.0], [3.0]]

    (version_folder(shop.settings, shop.tenant, "v2") / MANIFEST_FILE).write_text("torn")
    said: list[str] = []
    materialize(shop.settings, shop.tenant, progress=said.append)
    assert any("damaged" in sentence for sentence in said)
    assert shop.online("ada", "v2")["vector"] == [3.0], "a damaged challenger takes nothing from the champion"
    stop(shop.settings, shop.tenant, Stopper.PERSON, "enough")
    materialize(shop.settings, shop.tenant)
    assert shop.online("ada", "v2")["vector"] is None
    assert shop.online("ada", "v1")["vector"] == [1.0]

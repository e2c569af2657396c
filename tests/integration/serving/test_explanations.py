"""For each recommended item, on request, which of the person's own items speak for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recolake.ranking.artifact import UserVectors, load_artifact
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.evidence import Evidence
from recolake.ranking.fold_in import solve
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.pointer import activate, version_folder
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
ITEMS, DIMENSION, REGULARIZATION = 40, 8, 3.0
OWN = {"ada": [3, 5, 8, 13, 21], "ben": [1]}


@pytest.fixture
def explained(api: Any, shop: Any) -> np.ndarray:
    """Version v9 in service; gives the item vectors [I, d]. Its vectors solve the least-squares problem."""
    rng = np.random.default_rng(9)
    vectors = rng.standard_normal((ITEMS, DIMENSION)).astype(np.float32)
    gram = vectors.T.astype(float) @ vectors
    ids = sorted((shop.person(user), items) for user, items in OWN.items())
    confidence = [rng.random(len(items)).astype(np.float32) * 4 for _, items in ids]
    solved = [
        solve(vectors, gram, REGULARIZATION, np.array(items), extra).sum(axis=1)
        for (_, items), extra in zip(ids, confidence, strict=True)
    ]
    people = UserVectors(tuple(person for person, _ in ids), np.array(solved, dtype=np.float32))
    weights = BlendWeights(vector=1.0, popularity=0.2, own=0.5)
    offsets = np.cumsum([0, *(len(items) for _, items in ids)])
    write_artifact(
        version_folder(shop.settings, SHOP, "v9"),
        Origin(SHOP, "shop-recommender", "v9", "run-of-v9", "abcdef", {}, 7, {}, []),
        RankingConfig(new_items=weights, all_items=weights),
        Items(shop.items, tuple(f"Item {i}" for i in shop.items), tuple({} for _ in shop.items)),
        vectors,
        -np.arange(ITEMS, dtype=np.float64),
        people,
        Evidence.of(
            people.ids,
            offsets,
            np.concatenate([items for _, items in ids]),
            np.concatenate(confidence),
            REGULARIZATION,
        ),
    )
    shop.write_vectors("v9", people)
    activate(shop.settings, SHOP, "v9")
    api.until("v9 in service", lambda: api.ask(user_id="ada").json()["model_version"] == "v9")
    return vectors


def test_an_explanation_adds_up_to_the_affinity_that_is_served(
    api: Any, shop: Any, explained: np.ndarray
) -> None:
    body = api.ask(user_id="ada", k=10, explain=True).json()
    artifact = load_artifact(version_folder(shop.settings, SHOP, "v9"), SHOP)
    assert len(body["items"]) == 10
    told = 0
    for item in body["items"]:
        found = item["explanation"]
        parts = [each["contribution"] for each in found["items"]]
        assert sum(parts) + found["others"] == pytest.approx(found["affinity"], abs=1e-5)
        assert parts == sorted(parts, reverse=True)
        assert all(part > 0 for part in parts)
        assert len(parts) <= 3
        own = {each["item_id"] for each in found["items"]}
        assert own <= {f"i{row}" for row in OWN["ada"]}
        assert all(each["title"] == f"Item {each['item_id']}" for each in found["items"])
        told += len(parts)
    assert told
    best = {item["item_id"]: item["explanation"]["affinity"] for item in body["items"]}
    vector = _vector(shop, "ada")
    for item_id, affinity in best.items():
        assert affinity == pytest.approx(float(artifact.vectors[int(item_id[1:])] @ vector), abs=1e-4)


def test_nothing_is_explained_unless_asked_for_and_the_items_are_the_same(
    api: Any, explained: np.ndarray
) -> None:
    answers = [api.ask(user_id="ada", k=10, **more).json() for more in ({}, {"explain": True})]
    assert [answer.get("explained") for answer in answers] == [None, "yes"]
    assert "explained" not in answers[0]
    silent, told = (answer["items"] for answer in answers)
    assert all(item["explanation"] is None for item in silent)
    assert [item["item_id"] for item in silent] == [item["item_id"] for item in told]
    assert [item["score"] for item in silent] == [item["score"] for item in told]


def test_what_is_merely_popular_and_what_a_model_cannot_tell_has_no_explanation(
    api: Any, shop: Any, explained: np.ndarray
) -> None:
    for user in (None, "nobody"):
        body = api.ask(user_id=user, k=3, explain=True).json()
        assert body["explained"] == "no_vector"
        assert [item["explanation"] for item in body["items"]] == [None] * 3
    activate(shop.settings, SHOP, "v1")
    api.until("v1 in service", lambda: api.ask(user_id="ada").json()["model_version"] == "v1")
    body = api.ask(user_id="ada", k=3, explain=True).json()
    assert (body["strategy"], body["explained"]) == ("personal", "model_cannot")
    assert [item["explanation"] for item in body["items"]] == [None] * 3


def test_explain_is_yes_or_no(api: Any) -> None:
    answer = api.ask(user_id="ada", explain="yes")
    assert (answer.status_code, answer.json()["field"]) == (422, "explain")


def _vector(shop: Any, user: str) -> np.ndarray:
    from recolake.ranking.artifact import load_user_vectors

    people = load_user_vectors(version_folder(shop.settings, SHOP, "v9"))
    return people.vectors[people.ids.index(shop.person(user))]

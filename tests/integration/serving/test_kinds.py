"""Every kind of recommendation over HTTP: where its items come from, and what is said where they cannot."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from recolake.ranking.artifact import Artifact, load_artifact
from recolake.ranking.companions import Companions
from recolake.ranking.pointer import activate, version_folder
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
BODIES: dict[str, dict[str, Any]] = {
    "similar-items": {"item_id": "i3"},
    "bought-together": {"item_ids": ["i3"]},
    "session": {"item_ids": ["i7", "i3"]},
    "popular": {},
    "trending": {},
    "rerank": {"item_ids": [f"i{n}" for n in range(40)], "user_id": "ada"},
    "recently-viewed": {"user_id": "ada"},
}


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["item_id"] for item in answer.json()["items"]]


def served(shop: Any, version: str = "v1") -> Artifact:
    return load_artifact(version_folder(shop.settings, SHOP, version), SHOP)


def publish_counted(api: Any, shop: Any, **more: Any) -> None:
    """Model v2, which knows what goes together (i3 with i9, then i8) and what was popular over all time."""
    offsets = np.zeros(41, np.int64)
    offsets[4:] = 2
    companions = Companions(
        offsets, np.array([9, 8]), np.array([5, 4]), np.array([0.6, 0.5], dtype=np.float32)
    )
    totals = np.exp2(-np.arange(40) / 10)
    totals[5] /= 50
    people = shop.write_artifact("v2", ["ada", "ben"], companions=companions, totals=totals, **more)
    shop.write_vectors("v2", people)
    activate(shop.settings, SHOP, "v2")
    api.until("v2 in service", lambda: api.ask(k=1).json()["model_version"] == "v2")


def test_similar_items_come_by_cosine_without_the_item_itself(api: Any, shop: Any) -> None:
    answer = api.ask_for("similar-items", item_id="i3", k=39, explain=True)
    body = answer.json()
    assert (body["kind"], body["strategy"], body["fallback"]) == ("similar-items", "similar", None)
    vectors = served(shop).vectors
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = [f"i{row}" for row in np.argsort(-(units @ units[3]), kind="stable") if row != 3]
    assert ids(answer) == expected
    first = body["items"][0]
    assert first["reason"] == "similar_item"
    assert first["explanation"]["items"][0]["item_id"] == "i3"
    assert first["explanation"]["affinity"] == pytest.approx(first["score"], abs=1e-4)


def test_what_goes_with_a_basket_comes_first_and_what_is_like_it_below(api: Any, shop: Any) -> None:
    older = api.ask_for("bought-together", item_ids=["i3"], k=5).json()
    assert (older["strategy"], older["fallback"]) == ("similar", "no_companions")
    assert api.ask_for("trending", k=3).json()["fallback"] == "no_totals"
    publish_counted(api, shop)
    answer = api.ask_for("bought-together", item_ids=["i3", "i20", "who"], k=10, explain=True)
    body = answer.json()
    assert (body["strategy"], body["fallback"], body["unknown_items"]) == ("together", None, ["who"])
    assert ids(answer)[:2] == ["i9", "i8"]
    assert len(ids(answer)) == 10
    assert not {"i3", "i20"} & set(ids(answer))
    assert [item["reason"] for item in body["items"]] == ["bought_together"] * 2 + ["similar_item"] * 8
    assert body["items"][0]["explanation"]["items"][0]["item_id"] == "i3"
    alone = api.ask_for("bought-together", item_ids=["i20"], k=3).json()
    assert (alone["strategy"], alone["fallback"]) == ("similar", "no_companions")

    trending = api.ask_for("trending", k=3)
    assert ids(trending)[0] == "i5"
    assert (trending.json()["strategy"], trending.json()["items"][0]["reason"]) == (
        "trending",
        "trending_now",
    )


def test_a_session_needs_nobody_and_is_told_by_its_items(api: Any, shop: Any) -> None:
    answer = api.ask_for("session", item_ids=["i7", "i3", "nothing"], k=10, explain=True)
    body = answer.json()
    assert (body["strategy"], body["fallback"], body["degraded"]) == ("session", None, False)
    assert body["unknown_items"] == ["nothing"]
    assert not {"i3", "i7"} & set(ids(answer))
    for item in body["items"]:
        told = item["explanation"]
        parts = sum(each["contribution"] for each in told["items"]) + told["others"]
        assert parts == pytest.approx(told["affinity"], abs=1e-4)
    assert ids(api.ask_for("session", item_ids=["i3", "i7"], k=10)) != ids(answer)
    unknown = api.ask_for("session", item_ids=["nothing"], k=2).json()
    assert (unknown["strategy"], unknown["fallback"]) == ("popular", "unknown_item")


def test_given_items_come_in_the_order_of_the_whole_list(api: Any) -> None:
    given = ["i30", "i2", "who", "i17", "i9"]
    answer = api.ask_for("rerank", user_id="ben", item_ids=given)
    assert answer.json()["unknown_items"] == ["who"]
    assert sorted(ids(answer)) == sorted(set(given) - {"who"})
    filtered = {"filter": "item_id in context.given", "context": {"given": given}, "include_seen": True}
    assert ids(answer) == ids(api.ask(user_id="ben", **filtered))
    assert "i3" in ids(api.ask_for("rerank", user_id="ada", item_ids=["i3", "i4"]))
    assert ids(api.ask_for("rerank", user_id="ada", item_ids=["i3", "i4"], include_seen=False)) == ["i4"]


def test_a_person_sees_what_they_had_lately_the_latest_first(api: Any, shop: Any) -> None:
    assert ids(api.ask_for("recently-viewed", user_id="ada")) == ["i3", "i5"]
    assert api.ask_for("recently-viewed", user_id="ada").json()["strategy"] == "recent"
    unknown = api.ask_for("recently-viewed", user_id="nobody").json()
    assert (unknown["items"], unknown["fallback"]) == ([], "unknown_user")


def test_people_come_by_how_well_an_item_suits_them(api: Any, shop: Any) -> None:
    answer = api.ask_for("users", item_id="i4", user_ids=["ada", "ben", "nobody"]).json()
    people = {user["user_id"]: user["score"] for user in answer["users"]}
    assert people.keys() == {"ada", "ben"}
    assert list(people.values()) == sorted(people.values(), reverse=True)
    assert answer["without_vector"] == ["nobody"]
    assert len(api.ask_for("users", item_id="i4", user_ids=["ada", "ben"], k=1).json()["users"]) == 1
    unknown = api.ask_for("users", item_id="who", user_ids=["ada"])
    assert (unknown.status_code, unknown.json()["code"], unknown.json()["field"]) == (
        404,
        "not_found",
        "item_id",
    )


def test_rules_hold_for_every_kind_and_leave_k_items_where_there_are_k(api: Any, shop: Any) -> None:
    """Also of a filter that leaves the least likely ones, and while Redis is down."""
    rules = {"filter": "kind = 'vase' and price > 12", "exclude": ["i39"], "fields": ["kind"]}
    left = {"i15", "i19", "i23", "i27", "i31", "i35"}
    for kind, body in BODIES.items():
        expected = left if kind != "recently-viewed" else set()
        assert set(ids(api.ask_for(kind, k=20, **body, **rules))) == expected, kind
        promoted = api.ask_for(kind, k=8, **body, promotions=[{"filter": "price > 37", "share": 0.25}])
        if kind != "recently-viewed":
            assert len({"i38", "i39"} & set(ids(promoted))) == 2, kind
        few = api.ask_for(kind, k=8, **body, diversity={"attribute": "kind", "most_per_value": 1})
        assert len(ids(few)) == (2 if kind == "recently-viewed" else 4), kind
    shop.valkey.kill()
    for kind, body in BODIES.items():
        answer = api.ask_for(kind, k=20, **body, **rules)
        reads = kind in ("rerank", "recently-viewed")
        assert answer.json()["degraded"] is reads, kind
        assert set(ids(answer)) == (left if kind != "recently-viewed" else set()), kind
    out = api.ask_for("users", item_id="i4", user_ids=["ada"])
    assert (out.status_code, out.json()["code"]) == (503, "service_unavailable")


def test_chance_gives_places_whose_propensities_are_logged(api: Any, shop: Any) -> None:
    plain = api.ask_for("popular", k=5).json()
    assert "propensity" not in plain["items"][0]
    surely = [api.ask_for("popular", k=5, explore=1.0).json() for _ in range(3)]
    assert len({tuple(item["item_id"] for item in each["items"]) for each in surely}) > 1
    for answer in surely:
        assert [item["propensity"] for item in answer["items"]] == pytest.approx(
            [1 / (40 - n) for n in range(5)], abs=1e-5
        )
    lines = [
        json.loads(line)
        for path in shop.settings.journal_root.glob("*.jsonl*")
        for line in path.read_bytes().splitlines()
    ]
    kept = {line["recommendation_id"]: line for line in lines}
    assert kept[plain["recommendation_id"]]["propensities"] is None
    for answer in surely:
        line = kept[answer["recommendation_id"]]
        assert line["propensities"] == [item["propensity"] for item in answer["items"]]
        assert (line["kind"], json.loads(line["request"])) == ("popular", {"k": 5, "explore": 1.0})
    both = api.ask_for("popular", explore=0.1, diversity={"strength": 0.5})
    assert (both.status_code, both.json()["code"]) == (422, "invalid_input")


def test_what_a_kind_does_not_know_is_refused_by_name(bare_api: Any) -> None:
    for kind, body, field in (
        ("similar-items", {}, "item_id"),
        ("session", {"item_ids": []}, "item_ids"),
        ("session", {"item_ids": ["i1"], "include_seen": True}, "include_seen"),
        ("recently-viewed", {}, "user_id"),
        ("recently-viewed", {"user_id": "ada", "explore": 0.5}, "explore"),
        ("users", {"item_id": "i1", "user_ids": []}, "user_ids"),
        ("popular", {"item_id": "i1"}, "item_id"),
    ):
        answer = bare_api.ask_for(kind, **body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
        assert answer.json()["field"] == field

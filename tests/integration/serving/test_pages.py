"""The next page, and the same page again: by the id of an answer, with nothing but this machine's files."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recolake.ranking.pointer import activate, version_folder
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["item_id"] for item in answer.json()["items"]]


def replay(api: Any, recommendation_id: str, secret: str | None = None) -> Any:
    path = f"/v1/recommendations/{recommendation_id}/replay"
    return api.client.post(path, headers=api.bearer(secret))


def pages(ask: Any, **body: Any) -> list[str]:
    """All pages of a list, until one is empty."""
    shown: list[str] = []
    answer = ask(**body)
    while found := ids(answer):
        shown += found
        answer = ask(next_of=answer.json()["recommendation_id"], **body)
    return shown


def test_pages_show_everything_that_may_be_shown_once_in_the_order_of_the_whole(api: Any, shop: Any) -> None:
    for body in ({"user_id": "ben"}, {"user_id": "ada", "filter": "price > 10"}, {}):
        assert pages(api.ask, k=7, **body) == ids(api.ask(k=1000, **body))
    planned = {"diversity": {"attribute": "kind", "most_per_value": 2}}
    assert sorted(pages(api.ask, k=10, **planned)) == sorted(shop.items)
    similar = pages(lambda **more: api.ask_for("similar-items", item_id="i3", **more), k=9)
    assert similar == ids(api.ask_for("similar-items", item_id="i3", k=1000))


def test_pages_go_on_with_redis_down_on_another_process_and_after_a_swap(api: Any, shop: Any) -> None:
    from serving.app import create_app

    first = api.ask(k=5, user_id="ada").json()
    shop.valkey.kill()
    with TestClient(create_app(shop.settings)) as other:
        body = {"k": 5, "user_id": "ada", "next_of": first["recommendation_id"]}
        second = other.post("/v1/recommendations", json=body, headers=api.bearer())
    shop.write_artifact("v2")
    activate(shop.settings, SHOP, "v2")
    api.until("v2 in service", lambda: api.ask(k=1).json()["model_version"] == "v2")
    third = api.ask(k=30, user_id="ada", next_of=second.json()["recommendation_id"])
    shown = [*(item["item_id"] for item in first["items"]), *ids(second), *ids(third)]
    assert len(shown) == len(set(shown)) == 40


def test_a_list_that_cannot_be_gone_on_with_says_why(api: Any, shop: Any, rival: Tenant) -> None:
    answered = api.ask(user_id="ada", k=3).json()["recommendation_id"]
    ids_of = api.client.app.state.serving.recommender._ids
    now = datetime.now(UTC)
    old = ids_of.mint(SHOP, "v1", now - timedelta(days=1, minutes=1))
    lost = ids_of.mint(SHOP, "v1", now)
    foreign = ids_of.mint(rival, "v1", now)
    for next_of, user, status, code in (
        (answered, "ada", 200, None),
        (answered, "ben", 422, "invalid_input"),
        (old, "ada", 410, "recommendation_expired"),
        (lost, "ada", 404, "not_recorded"),
        (foreign, "ada", 404, "not_found"),
        ("rec_v1_garbled", "ada", 404, "not_found"),
    ):
        answer = api.ask(user_id=user, next_of=next_of)
        assert answer.status_code == status, answer.text
        if code:
            assert (answer.json()["code"], answer.json()["field"]) == (code, "next_of")
    other_kind = api.ask_for("popular", user_id="ada", next_of=answered)
    assert (other_kind.status_code, other_kind.json()["field"]) == (422, "next_of")


def test_a_replay_is_the_same_list_whatever_came_since(api: Any, shop: Any) -> None:
    answer = api.ask(
        user_id="ada",
        k=8,
        fields=["price"],
        boosts=[{"filter": "kind = context.kind", "factor": 3.0}],
        context={"kind": "book"},
    ).json()
    chance = api.ask_for("similar-items", item_id="i3", explore=0.9).json()
    shop.write_history("ada", ["i9", "i1"])
    shop.publish("v2", ["ada"])
    api.until("v2 in service", lambda: api.ask(k=1).json()["model_version"] == "v2")
    shop.valkey.kill()
    for made in (answer, chance):
        again = replay(api, made["recommendation_id"])
        assert again.status_code == 200, again.text
        told = again.json()
        expected = [{k: v for k, v in item.items() if k != "explanation"} for item in made["items"]]
        assert told["items"] == expected
        for name in ("model_version", "kind", "strategy", "fallback", "variant", "recommendation_id"):
            assert told[name] == made[name]
    receipt = api.receipt(chance["recommendation_id"]).json()
    assert (receipt["kind"], receipt["scenario"]) == ("similar-items", None)


@pytest.mark.control(1)
def test_a_replay_of_a_version_that_is_gone_or_of_another_s_answer_says_so(
    api: Any, shop: Any, rival: Tenant
) -> None:
    answered = api.ask(user_id="ada").json()["recommendation_id"]
    assert replay(api, answered, shop.key(rival)).status_code == 404
    assert replay(api, answered[:-1] + ("0" if answered[-1] != "0" else "1")).status_code == 404
    shutil.rmtree(version_folder(shop.settings, SHOP, "v1"))
    gone = replay(api, answered)
    assert (gone.status_code, gone.json()["code"]) == (410, "model_gone")

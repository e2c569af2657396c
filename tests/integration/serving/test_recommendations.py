"""What a customer gets for a request, and what is written down about it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from recolake.tenancy.api_keys import Scope
from recolake.tenancy.context import Tenant

K_BOUNDS = [0, -1, 1001, 10**30, 1.5, "10", True, None]


def lines(journal: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(journal.glob("*.jsonl*"))
        for line in path.read_bytes().splitlines()
    ]


def test_a_known_person_gets_personal_recommendations_with_all_that_an_answer_has(api: Any) -> None:
    answer = api.ask(user_id="ada", k=5)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["strategy"] == "personal"
    assert (body["fallback"], body["degraded"]) == (None, False)
    assert (body["model_version"], body["variant"]) == ("v1", "default")
    assert len(body["items"]) == len({item["item_id"] for item in body["items"]}) == 5
    scores = [item["score"] for item in body["items"]]
    assert scores == sorted(scores, reverse=True)
    assert all(item["title"] == f"Item {item['item_id']}" and item["reason"] for item in body["items"])


def test_bought_items_return_only_when_asked_for(api: Any) -> None:
    everything = {"user_id": "ada", "k": 40}
    new = {item["item_id"] for item in api.ask(**everything).json()["items"]}
    both = {i["item_id"]: i["reason"] for i in api.ask(**everything, include_seen=True).json()["items"]}
    assert not {"i3", "i5"} & new
    assert both["i3"] == both["i5"] == "bought_before"


def test_people_with_different_vectors_get_different_lists(api: Any) -> None:
    ada, ben = (api.ask(user_id=user, k=10).json()["items"] for user in ("ada", "ben"))
    assert [i["item_id"] for i in ada] != [i["item_id"] for i in ben]


@pytest.mark.parametrize(
    ("user", "fallback"), [("nobody", "unknown_user"), (None, "no_user"), ("../shop", "unknown_user")]
)
def test_whom_nobody_knows_gets_what_is_popular_and_is_told(
    api: Any, user: str | None, fallback: str
) -> None:
    body = api.ask(user_id=user, k=3).json()
    assert (body["strategy"], body["fallback"], body["degraded"]) == ("popular", fallback, False)
    assert [item["item_id"] for item in body["items"]] == ["i0", "i1", "i2"]


def test_a_person_newer_than_the_model_is_not_shown_what_they_just_bought(api: Any, shop: Any) -> None:
    shop.write_history("eve", ["i0", "i2"])
    body = api.ask(user_id="eve", k=3).json()
    assert (body["strategy"], body["fallback"]) == ("popular", "no_vector")
    assert [item["item_id"] for item in body["items"]] == ["i1", "i3", "i4"]
    again = api.ask(user_id="eve", k=3, include_seen=True).json()
    assert again["strategy"] == "personal"
    assert {"i0", "i2"} <= {item["item_id"] for item in again["items"]}


def test_a_k_larger_than_the_catalogue_gives_the_whole_catalogue_once(api: Any, shop: Any) -> None:
    items = [item["item_id"] for item in api.ask(user_id="ben", k=1000).json()["items"]]
    assert sorted(items) == sorted(shop.items)


@pytest.mark.parametrize("k", K_BOUNDS)
def test_a_k_out_of_bounds_is_refused_by_name(api: Any, k: Any) -> None:
    answer = api.ask(user_id="ada", k=k)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["field"]) == ("invalid_input", "k")
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.control(13)
def test_unknown_fields_are_refused(api: Any) -> None:
    answer = api.ask(user_id="ada", tenant_id="rival")
    assert (answer.status_code, answer.json()["field"]) == (422, "tenant_id")


def test_without_a_valid_key_nothing_is_answered(api: Any, shop: Any) -> None:
    assert api.client.post("/v1/recommendations", json={}).status_code == 401
    expired = shop.key(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    for secret in ("nonsense", "rk_live_" + "A" * 28, expired):
        answer = api.ask(secret)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    powerless = api.ask(shop.key(scopes=[Scope.UPLOADS_WRITE]))
    assert (powerless.status_code, powerless.json()["code"]) == (403, "forbidden")
    assert lines(shop.settings.journal_root) == []


def test_a_tenant_without_a_model_is_told_when_to_come_back(api: Any, shop: Any, rival: Tenant) -> None:
    answer = api.ask(shop.key(rival), user_id="ada")
    assert (answer.status_code, answer.json()["code"]) == (503, "no_model")
    assert int(answer.headers["retry-after"]) > 0
    assert "train" in answer.json()["hint"]


@pytest.mark.control(1)
def test_tenants_share_neither_models_nor_people(api: Any, shop: Any, rival: Tenant) -> None:
    shop.publish("v7", ["ada"], rival)
    secret = shop.key(rival)
    api.until("the rival's model", lambda: api.ask(secret, user_id="ada").status_code == 200)
    theirs = api.ask(secret, user_id="ada").json()
    assert (theirs["model_version"], theirs["strategy"]) == ("v7", "personal")
    assert api.ask(secret, user_id="ben").json()["fallback"] == "unknown_user"
    assert api.ask(user_id="ada").json()["model_version"] == "v1"


def test_each_answer_is_in_the_journal_when_it_arrives_and_no_refusal_is(api: Any, shop: Any) -> None:
    answers = [api.ask(user_id=user, k=k).json() for user in ("ada", "ben", "x\r\ny\u2028") for k in (1, 5)]
    api.ask(user_id="ada", k=0)
    written = {line["recommendation_id"]: line for line in lines(shop.settings.journal_root)}
    assert written.keys() == {answer["recommendation_id"] for answer in answers}
    for answer in answers:
        line = written[answer["recommendation_id"]]
        assert line["item_ids"] == [item["item_id"] for item in answer["items"]]
        assert (line["tenant_id"], line["model_version"]) == ("shop", "v1")
    people = {shop.person(user) for user in ("ada", "ben", "x\r\ny\u2028")}
    assert {line["user_id"] for line in written.values()} == people


def test_without_a_record_there_is_no_answer(api: Any, shop: Any) -> None:
    shop.settings.journal_root.write_text("not a folder")
    answer = api.ask(user_id="ada")
    assert answer.status_code == 500
    assert "items" not in answer.text


def test_popularity_follows_the_online_features(api: Any, shop: Any) -> None:
    assert api.ask(k=1).json()["items"][0]["item_id"] == "i0"
    shop.write_popularity({"i9": 50.0})
    api.until("fresh popularity", lambda: api.ask(k=1).json()["items"][0]["item_id"] == "i9")
    assert [item["item_id"] for item in api.ask(k=3).json()["items"]] == ["i9", "i0", "i1"]

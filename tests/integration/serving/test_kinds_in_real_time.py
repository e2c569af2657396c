"""What somebody does, and what is said of items, is in the next answer of every kind."""

from __future__ import annotations

from typing import Any

import pytest

from serving.api.recommendations.kinds.sources import SOURCES

from .conftest import Api
from .test_kinds import BODIES, ids, publish_counted
from .test_real_time import PLACEMENT, event, personal, send

pytestmark = pytest.mark.usefixtures("shop")

EVERY_KIND = {**BODIES, "for-user": {"user_id": "ada"}}
OPEN_KINDS = ("for-user", "similar-items", "bought-together", "session", "popular", "trending")


def ask(api: Api, kind: str, **more: Any) -> Any:
    body = {"k": 41, **EVERY_KIND[kind], **more}
    return api.ask(**body) if kind == "for-user" else api.ask_for(kind, **body)


def test_there_is_a_request_of_every_kind() -> None:
    assert set(EVERY_KIND) == set(SOURCES)


def test_a_new_person_with_three_events_has_a_vector_in_every_kind_that_uses_one(api: Api) -> None:
    given = [f"i{n}" for n in range(40)]
    before = api.ask_for("rerank", user_id="zoe", item_ids=given)
    assert before.json()["strategy"] == "popular"
    lonely = api.ask_for("users", item_id="i30", user_ids=["zoe", "ada"])
    assert lonely.json()["without_vector"] == ["zoe"]
    assert ids(api.ask_for("recently-viewed", user_id="zoe")) == []

    send(api, *(event("zoe", item, ago=ago) for item, ago in (("i30", 90), ("i31", 60), ("i32", 30))))
    personal(api, "zoe")
    api.until("all is in", lambda: len(ids(api.ask_for("recently-viewed", user_id="zoe"))) == 3)
    assert ids(api.ask_for("recently-viewed", user_id="zoe")) == ["i32", "i31", "i30"]

    after = api.ask_for("rerank", user_id="zoe", item_ids=given, explain=True)
    assert (after.json()["strategy"], after.json()["fallback"]) == ("personal", None)
    assert ids(after) != ids(before)
    assert after.json()["explained"] == api.ask(user_id="zoe", explain=True).json()["explained"]
    suited = api.ask_for("users", item_id="i30", user_ids=["zoe", "ada"]).json()
    assert suited["without_vector"] == []
    assert {each["user_id"] for each in suited["users"]} == {"zoe", "ada"}


def test_what_was_looked_at_comes_before_what_was_taken_long_ago(api: Api) -> None:
    history = ids(api.ask_for("recently-viewed", user_id="ada"))
    send(api, event("ada", "i35"), event("ada", history[-1], ago=30))
    api.until("it is known", lambda: ids(api.ask_for("recently-viewed", user_id="ada"))[0] == history[-1])
    assert ids(api.ask_for("recently-viewed", user_id="ada")) == [history[-1], "i35", *history[:-1]]


def test_an_item_that_is_not_to_be_had_is_gone_from_the_very_next_answer_of_every_kind(
    api: Api, shop: Any
) -> None:
    publish_counted(api, shop)
    bought = api.ask_for("recently-viewed", user_id="ada")
    gone = {ids(bought)[0], "i9", "i8"}
    listed = {kind: ids(ask(api, kind)) for kind in EVERY_KIND}
    assert all(gone & {*found} for found in listed.values())
    first_page = api.ask_for("popular", k=5)
    for item in gone:
        answer = api.client.put(f"/v1/items/{item}", json={"available": False}, headers=api.bearer())
        assert answer.status_code == 202
    left = {kind: {*ids(ask(api, kind))} for kind in EVERY_KIND}
    assert left == {kind: {*found} - gone for kind, found in listed.items()}
    rest = ids(api.ask_for("popular", k=41, next_of=first_page.json()["recommendation_id"]))
    assert rest == [item for item in listed["popular"] if item not in gone | {*ids(first_page)}]
    for more in ({"explore": 0.5}, {"diversity": {"strength": 0.5}}):
        assert not gone & {*ids(api.ask_for("popular", k=41, **more))}


def test_an_item_that_no_model_met_is_in_the_lists_of_every_kind_that_may_hold_it(
    api: Api, shop: Any
) -> None:
    publish_counted(api, shop, placement=PLACEMENT)
    said = {"title": "A Green thing", "price": 25, "properties": {"kind": "toy"}}
    assert api.client.put("/v1/items/new-1", json=said, headers=api.bearer()).status_code == 202
    api.until("it is found", lambda: "new-1" in ids(ask(api, "for-user")))
    for kind in OPEN_KINDS:
        assert "new-1" in ids(ask(api, kind)), kind
    assert {*ids(api.ask_for("rerank", item_ids=["i3", "new-1"]))} == {"i3", "new-1"}
    for kind, body in (
        ("similar-items", {"item_id": "new-1"}),
        ("bought-together", {"item_ids": ["new-1"]}),
        ("session", {"item_ids": ["new-1"]}),
    ):
        beside = api.ask_for(kind, k=5, **body)
        assert ("unknown_items" in beside.json(), len(ids(beside))) == (False, 5)
    assert api.ask_for("users", item_id="new-1", user_ids=["ada"]).json()["without_vector"] == []
    send(api, event("zoe", "new-1"))
    personal(api, "zoe")
    assert ids(api.ask_for("recently-viewed", user_id="zoe")) == ["new-1"]
    api.client.delete("/v1/items/new-1", headers=api.bearer())
    for kind in OPEN_KINDS:
        assert "new-1" not in ids(ask(api, kind)), kind

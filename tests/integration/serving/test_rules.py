"""Rules of a request: what they promise over HTTP, with Redis and without, and what is said of mistakes."""

from __future__ import annotations

from typing import Any

KINDS = ("toy", "book", "lamp", "vase")


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["item_id"] for item in answer.json()["items"]]


def kind(item: str) -> str:
    return KINDS[int(item[1:]) % 4]


def test_without_rules_an_answer_has_no_trace_of_them(api: Any) -> None:
    answer = api.ask(user_id="ada", k=5)
    (keys,) = {tuple(item) for item in answer.json()["items"]}
    assert keys == ("item_id", "title", "score", "reason", "reason_text", "explanation")
    empty = {"filter": None, "exclude": [], "boosts": [], "promotions": [], "diversity": None, "fields": []}
    assert api.ask(user_id="ada", k=5, **empty).json()["items"] == answer.json()["items"]


def test_filters_and_excludes_hold_for_everybody_and_while_redis_is_down(api: Any, shop: Any) -> None:
    rules = {"filter": "kind in ['book', 'vase'] and price < context.budget", "context": {"budget": 14}}
    rules["exclude"] = ["i1", "i7", "unheard-of"]
    expected = {"i3", "i5", "i9", "i11", "i13"}
    for user, left in (
        ("ada", expected - {"i3", "i5"}),
        ("ben", expected),
        ("nobody", expected),
        (None, expected),
    ):
        assert set(ids(api.ask(user_id=user, k=10, **rules))) == left
    assert set(ids(api.ask(user_id="ada", include_seen=True, k=10, **rules))) == expected
    shop.valkey.kill()
    down = api.ask(user_id="ada", k=10, **rules)
    assert (down.json()["degraded"], down.json()["strategy"]) == (True, "popular")
    assert ids(down) == sorted(expected, key=lambda item: int(item[1:]))


def test_a_filter_for_nothing_gives_an_empty_list_and_attributes_are_told_where_asked_for(api: Any) -> None:
    assert ids(api.ask(user_id="ada", filter="price > 1000")) == []
    assert ids(api.ask(user_id="ben", filter="title = 'Item i39'", k=5)) == ["i39"]
    items = api.ask(k=2, fields=["price", "kind"]).json()["items"]
    assert [item["attributes"] for item in items] == [
        {"price": "0", "kind": "toy"},
        {"price": "1", "kind": "book"},
    ]


def test_conditions_may_ask_about_the_person(api: Any, shop: Any) -> None:
    shop.write_history("fay", ["i0"], country="France")
    rule = "user.country = 'France' and kind = 'toy' or user.country = null and kind = 'lamp'"
    for user, expected in (("fay", "toy"), ("ada", "lamp"), ("nobody", "lamp"), (None, "lamp")):
        assert {kind(item) for item in ids(api.ask(user_id=user, k=5, filter=rule))} == {expected}
    assert ids(api.ask(user_id="fay", filter="user.purchases_total < 1")) == []
    shop.valkey.kill()
    body = api.ask(user_id="fay", k=5, filter=rule).json()
    assert body["degraded"]
    assert {kind(item["item_id"]) for item in body["items"]} == {"lamp"}


def test_a_list_says_which_rule_acted_on_which_item(api: Any) -> None:
    body = api.ask(
        k=8,
        boosts=[{"filter": "item_id = 'i2'", "factor": 2}],
        promotions=[{"filter": "kind = 'vase' and price > 30", "share": 0.25}],
    ).json()
    assert [item["item_id"] for item in body["items"]] == ["i2", "i0", "i1", "i31", "i3", "i4", "i5", "i35"]
    acted = {item["item_id"]: item["rules"] for item in body["items"] if "rules" in item}
    assert acted == {"i2": ["boosts.0"], "i31": ["promotions.0"], "i35": ["promotions.0"]}


def test_no_more_of_a_kind_than_asked_for(api: Any) -> None:
    diversity = {"attribute": "kind", "most_per_value": 2}
    for user in ("ada", None):
        found = ids(api.ask(user_id=user, k=20, diversity=diversity))
        assert sorted(kind(item) for item in found) == sorted([*KINDS, *KINDS])
    varied = ids(api.ask(user_id="ada", k=4, diversity={"attribute": "kind", "strength": 0.9}))
    assert {kind(item) for item in varied} == set(KINDS)
    assert len(ids(api.ask(user_id="ada", k=30, diversity={"strength": 0.5}))) == 30


MISTAKES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"filter": "price < 3 and colour = 'red'"},
        {"code": "unknown_attribute", "field": "filter", "position": 15, "attribute": "colour"},
    ),
    (
        {"boosts": [{"filter": "user.age > 3", "factor": 2}]},
        {"code": "unknown_attribute", "field": "boosts.0.filter", "attribute": "user.age"},
    ),
    ({"fields": ["price", "colour"]}, {"code": "unknown_attribute", "field": "fields.1"}),
    (
        {"promotions": [{"filter": "kind = ", "share": 0.5}]},
        {"code": "invalid_expression", "field": "promotions.0.filter", "position": 8},
    ),
    ({"filter": 3}, {"code": "invalid_input", "field": "filter"}),
    ({"filter": "x" * 5_000}, {"code": "invalid_input", "field": "filter"}),
    ({"diversity": {"most_per_value": 2}}, {"code": "invalid_input", "field": "diversity"}),
    (
        {"boosts": [{"filter": "true", "factor": -1}]},
        {"code": "invalid_input", "field": "boosts.0.factor"},
    ),
]


def test_a_mistake_is_a_problem_that_points_at_it(api: Any) -> None:
    for asked, problem in MISTAKES:
        answer = api.ask(user_id="ada", **asked)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert {key: body.get(key) for key in problem} == problem
        if body["code"] == "unknown_attribute" and "user" not in body["attribute"]:
            assert body["known"] == ["item_id", "kind", "price", "title"]


def test_a_registry_from_before_there_were_rules_serves_on(api: Any, shop: Any) -> None:
    """Its people then have no attributes, and the answer says so."""
    from recolake.features.names import Service
    from recolake.features.store import online_store

    store = online_store(shop.settings, 30.0)
    store.delete_feature_service(Service.PROFILE.value)
    api.client.app.state.serving.features.reopen()
    body = api.ask(user_id="ada", filter="has(user.country) or kind = 'toy'", k=3).json()
    assert (body["strategy"], body["fallback"], body["degraded"]) == (
        "personal",
        "features_unavailable",
        True,
    )
    assert {kind(item["item_id"]) for item in body["items"]} == {"toy"}
    assert api.ask(user_id="ada", k=3).json()["degraded"] is False

"""A scenario fills in what a request does not say, and serving needs nothing but files for that."""

from __future__ import annotations

import json
from typing import Any

from recolake.kinds.kinds import Kind
from recolake.scenarios.lifecycle import delete, put
from recolake.scenarios.store import live_file
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["item_id"] for item in answer.json()["items"]]


def test_a_scenario_s_defaults_hold_until_the_request_says_otherwise(api: Any, shop: Any) -> None:
    defaults = {
        "k": 3,
        "filter": "kind = context.kind",
        "context": {"kind": "lamp", "unused": 1},
        "fields": ["kind"],
    }
    put(shop.settings, SHOP, "home", Kind.FOR_USER, defaults)
    put(shop.settings, SHOP, "wide", Kind.POPULAR, {"k": 7})
    api.until("the scenarios", lambda: api.ask(scenario="home").status_code == 200)
    answer = api.ask(scenario="home")
    assert ids(answer) == ["i2", "i6", "i10"]
    assert answer.json()["items"][0]["attributes"] == {"kind": "lamp"}
    assert (answer.json()["scenario"], answer.json()["scenario_version"]) == ("home", 1)
    assert ids(api.ask(scenario="home", context={"kind": "book"}, k=2)) == ["i1", "i5"]
    assert ids(api.ask(scenario="home", filter="price < 2", fields=[])) == ["i0", "i1"]
    assert len(ids(api.ask_for("popular", scenario="wide"))) == 7
    told = api.receipt(answer.json()["recommendation_id"]).json()
    assert (told["scenario"], told["scenario_version"]) == ("home", 1)
    assert told["rules"]["filter"] == "kind = context.kind"
    lines = b"".join(path.read_bytes() for path in shop.settings.journal_root.glob("*.jsonl*")).splitlines()
    kept = {line["recommendation_id"]: line for line in map(json.loads, lines)}
    line = kept[answer.json()["recommendation_id"]]
    assert (line["scenario"], line["scenario_version"]) == ("home", 1)

    put(shop.settings, SHOP, "home", Kind.FOR_USER, {"k": 1})
    api.until("version 2", lambda: api.ask(scenario="home").json()["scenario_version"] == 2)
    assert ids(api.ask(scenario="home")) == ["i0"]


def test_what_is_wrong_with_a_scenario_is_told_apart_from_the_request(
    api: Any, shop: Any, rival: Tenant
) -> None:
    put(shop.settings, SHOP, "home", Kind.FOR_USER, {"filter": "kind = context.kind", "explore": 0.1})
    put(shop.settings, SHOP, "item-page", Kind.SIMILAR_ITEMS, {})
    put(shop.settings, rival, "theirs", Kind.POPULAR, {})
    api.until("the scenarios", lambda: api.ask(scenario="nothing").json()["known"] == ["home", "item-page"])
    unknown = api.ask(scenario="theirs")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_scenario")
    assert unknown.json()["field"] == "scenario"
    other = api.ask(scenario="item-page")
    assert (other.status_code, other.json()["code"]) == (422, "other_kind")
    missing = api.ask(scenario="home")
    assert (missing.status_code, missing.json()["code"]) == (422, "unknown_attribute")
    assert missing.json()["field"] == "scenario.filter"
    conflict = api.ask(scenario="home", context={"kind": "toy"}, diversity={"strength": 0.5})
    assert (conflict.status_code, conflict.json()["field"]) == (422, "scenario")
    assert ids(api.ask(scenario="home", context={"kind": "toy"}, explore=0.0, k=1)) == ["i0"]

    live_file(shop.settings, SHOP).write_text("{torn")
    api.client.app.state.serving.recommender._scenarios.look()
    assert ids(api.ask_for("similar-items", scenario="item-page", item_id="i1", k=1))
    live_file(shop.settings, SHOP).write_text('{"home": 1}')
    delete(shop.settings, SHOP, "home")
    api.until("no scenario", lambda: api.ask(scenario="home").status_code == 404)
    assert api.ask(scenario="home").json()["known"] == []

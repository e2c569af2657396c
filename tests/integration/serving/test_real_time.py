"""What somebody does is in their next answer: no training, no build, and nothing lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import redis
from fastapi.testclient import TestClient

from recolake.privacy.lists import opted_out
from recolake.profile.items import settle
from recolake.profile.keys import deeds_key, hidden_key
from recolake.profile.stream import waiting
from recolake.ranking.artifact import load_artifact
from recolake.ranking.describe import Column, ColumnKind
from recolake.ranking.placement import Placement
from recolake.ranking.pointer import activate, version_folder
from recolake.tenancy.pseudonyms import tenant_key
from serving.app import create_app

from .conftest import DIMENSION, KINDS, SHOP, Api

pytestmark = pytest.mark.usefixtures("shop")


def event(user: str, item: str, kind: str = "view", ago: int = 60) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(seconds=ago)
    return {"type": kind, "item_id": item, "user_id": user, "time": at.isoformat()}


def send(api: Api, *events: dict[str, Any]) -> None:
    answer = api.client.post("/v1/events", json=list(events), headers=api.bearer())
    assert answer.status_code == 202, answer.text


def items_of(answer: Any) -> list[str]:
    return [item["item_id"] for item in answer.json()["items"]]


def personal(api: Api, user: str, **more: Any) -> Any:
    """Their answer, once what they did is in it."""

    def look() -> Any:
        answer = api.ask(user_id=user, **more)
        return answer if answer.json()["strategy"] == "personal" else None

    return api.until(f"{user} is known", look)


def test_a_new_person_with_three_events_gets_what_fits_them(api: Api, shop: Any) -> None:
    before = api.ask(user_id="zoe", k=40)
    assert (before.json()["strategy"], before.json()["fallback"]) == ("popular", "unknown_user")
    send(api, *(event("zoe", item) for item in ("i30", "i31", "i32")))
    after = personal(api, "zoe", k=40)
    assert (after.json()["fallback"], after.json()["degraded"]) == (None, False)
    artifact = load_artifact(version_folder(shop.settings, SHOP, "v1"), SHOP)
    rows = artifact.items.rows(["i30", "i31", "i32"])
    products = artifact.vectors @ artifact.vectors[rows].mean(axis=0)
    mine = items_of(after)
    assert mine != items_of(before)
    # Nothing was bought, so what they looked at is among what they may want, and it fits them best.
    best = [f"i{row}" for row in np.argsort(-products)[:3]]
    assert set(best) & set(mine[:5])


def test_what_was_bought_just_now_is_not_shown_again_unless_asked_for(api: Api) -> None:
    shown = items_of(api.ask(user_id="ada"))
    assert "i3" not in shown
    send(api, event("ada", shown[0], "purchase"))
    api.until("it is gone", lambda: shown[0] not in items_of(api.ask(user_id="ada")))
    again = api.ask(user_id="ada", k=40, include_seen=True).json()["items"]
    reasons = {item["item_id"]: item["reason"] for item in again}
    assert reasons[shown[0]] == reasons["i3"] == "bought_before"


def test_an_item_that_is_not_to_be_had_is_gone_from_the_very_next_answer(api: Api) -> None:
    first = items_of(api.ask(k=3))
    put = api.client.put(f"/v1/items/{first[0]}", json={"available": False}, headers=api.bearer())
    assert put.status_code == 202
    assert first[0] not in items_of(api.ask(k=40))
    api.client.delete(f"/v1/items/{first[1]}", headers=api.bearer())
    assert not {*first[:2]} & {*items_of(api.ask(user_id="ada", k=40))}
    ruled = api.ask(user_id="ada", k=40, filter="kind == 'toy'")
    assert first[0] not in items_of(ruled)
    back = api.client.put(f"/v1/items/{first[0]}", json={"available": True}, headers=api.bearer())
    assert back.status_code == 202
    assert first[0] in items_of(api.ask(k=40))


def test_what_a_newer_model_was_made_of_ends_what_was_said_before_and_nothing_later(
    api: Api, shop: Any
) -> None:
    """A file may have brought an item back; the lake's word counts once a model has it."""
    first = items_of(api.ask(k=3))[0]
    put = api.client.put(f"/v1/items/{first}", json={"available": False}, headers=api.bearer())
    assert put.status_code == 202
    api.until("it is hidden", lambda: first not in items_of(api.ask(k=3)))
    now, client = datetime.now(UTC).timestamp(), redis.Redis.from_url(shop.valkey.url)
    assert settle(client, SHOP, {first}, before=now - 3_600) == 0
    assert first not in items_of(api.ask(k=3))
    assert settle(client, SHOP, set(), before=now + 3_600) == 0
    assert settle(client, SHOP, {first}, before=now + 3_600) == 1
    api.until("it is back", lambda: first in items_of(api.ask(k=3)))


def test_another_process_leaves_the_item_out_too(api: Api, shop: Any) -> None:
    with TestClient(create_app(shop.settings)) as other:
        first = items_of(api.ask(k=1))[0]
        api.client.delete(f"/v1/items/{first}", headers=api.bearer())
        answer = other.post("/v1/recommendations", json={"k": 40}, headers=api.bearer())
        assert first not in items_of(answer)


def test_statements_of_items_count_by_their_time_in_whatever_order(api: Api) -> None:
    now = datetime.now(UTC)
    for minutes, here in ((1, False), (5, True)):
        time = (now - timedelta(minutes=minutes)).isoformat()
        api.client.put("/v1/items/i0", json={"available": here, "time": time}, headers=api.bearer())
    assert "i0" not in items_of(api.ask(k=40))


def test_while_redis_is_away_events_are_taken_and_profiles_catch_up(api: Api, shop: Any) -> None:
    shop.valkey.kill()
    send(api, *(event("zoe", item) for item in ("i30", "i31", "i32")))
    assert api.ask(user_id="zoe").json()["degraded"]
    shop.valkey.start()
    personal(api, "zoe")


def test_who_opted_out_has_no_profile_and_one_they_had_is_not_used(api: Api, shop: Any) -> None:
    send(api, *(event("zoe", item) for item in ("i30", "i31")))
    personal(api, "zoe")
    person, key = shop.person("zoe"), tenant_key(shop.settings, SHOP)
    opted_out(shop.settings, SHOP).add(key, [person], datetime.now(UTC))
    assert api.ask(user_id="zoe").json()["strategy"] == "popular"
    client = redis.Redis.from_url(shop.valkey.url)
    held = client.zcard(deeds_key(SHOP, person))
    send(api, event("zoe", "i32"), event("kim", "i32"))
    personal(api, "kim")
    assert client.zcard(deeds_key(SHOP, person)) == held


def test_a_row_of_the_nightly_build_does_not_undo_what_was_done_since(api: Api, shop: Any) -> None:
    send(api, event("ben", "i7", "purchase"))
    api.until("it is gone", lambda: "i7" not in items_of(api.ask(user_id="ben", k=40)))
    shop.write_history("ben", ["i9"])
    assert not {"i7", "i9"} & {*items_of(api.ask(user_id="ben", k=40))}


def test_an_event_sent_twice_counts_once(api: Api, shop: Any) -> None:
    same = event("zoe", "i30", "purchase")
    send(api, same, same)
    personal(api, "zoe")
    send(api, same, event("kim", "i1"))
    personal(api, "kim")
    client = redis.Redis.from_url(shop.valkey.url)
    assert client.zcard(deeds_key(SHOP, shop.person("zoe"))) == 1
    api.until("rows are written", lambda: waiting(client) == 0)


@pytest.mark.control(5)
def test_names_of_tenants_and_items_stay_apart(api: Api, shop: Any, rival: Any) -> None:
    shop.publish("v1", ["ada"], tenant=rival)
    other = shop.key(rival)
    api.until("rival is known", lambda: api.ask(secret=other).status_code == 200)
    api.client.delete("/v1/items/i0", headers=api.bearer())
    assert "i0" in items_of(api.ask(secret=other, k=40))
    client = redis.Redis.from_url(shop.valkey.url)
    assert not client.exists(hidden_key(rival))


PLACEMENT = Placement(
    (
        Column(kind=ColumnKind.VALUES, name="kind", labels=KINDS),
        Column(kind=ColumnKind.WORDS, name="title", labels=("green", "red")),
        Column(kind=ColumnKind.SIZE, name="price", knots=(0.0, 10.0, 40.0)),
    ),
    np.array([0, 1, 2, 3, 4, 5, 6, 8]),
    np.random.default_rng(3).standard_normal((8, DIMENSION)).astype(np.float32),
    np.full(DIMENSION, 0.1, dtype=np.float32),
)


def with_placement(shop: Any, version: str) -> None:
    people = shop.write_artifact(version, ["ada"], placement=PLACEMENT)
    shop.write_vectors(version, people)
    activate(shop.settings, SHOP, version)


def test_an_item_that_no_model_met_is_found_by_what_is_said_of_it(api: Api, shop: Any) -> None:
    with_placement(shop, "v2")
    api.until("v2", lambda: api.ask().json()["model_version"] == "v2")
    only = {"filter": "item_id == 'new-1'", "fields": ["kind"]}
    assert items_of(api.ask(user_id="ada", filter="item_id == 'new-1'")) == []
    said = {"title": "A Green thing", "price": 25, "properties": {"kind": "toy"}}
    assert api.client.put("/v1/items/new-1", json=said, headers=api.bearer()).status_code == 202
    api.until("it is found", lambda: items_of(api.ask(user_id="ada", filter="item_id == 'new-1'")))
    (found,) = api.ask(user_id="ada", **only).json()["items"]
    assert (found["title"], found["reason"]) == ("A Green thing", "new_item")
    assert found["attributes"]["kind"] == "toy"
    assert "new-1" in items_of(api.ask(user_id="ada", k=41))
    # Who took it is not shown it again, and it counts for what they want.
    send(api, event("zoe", "new-1", "purchase"))
    assert "new-1" not in items_of(personal(api, "zoe", k=41))
    api.client.delete("/v1/items/new-1", headers=api.bearer())
    assert "new-1" not in items_of(api.ask(user_id="ada", k=41))


def test_an_item_of_which_nothing_is_said_that_others_share_is_not_placed(api: Api, shop: Any) -> None:
    with_placement(shop, "v2")
    api.until("v2", lambda: api.ask().json()["model_version"] == "v2")
    for item, said in (("new-1", {"title": "Unheard of"}), ("new-2", {"title": "red"})):
        api.client.put(f"/v1/items/{item}", json=said, headers=api.bearer())
    api.until("the other is found", lambda: "new-2" in items_of(api.ask(user_id="ada", k=42)))
    assert "new-1" not in items_of(api.ask(user_id="ada", k=42))

"""Lists for many people in one call are what each would get alone, in everything that follows from them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from structlog.testing import capture_logs

from benchmarks.ranker import stage
from recolake.files import write_atomically
from recolake.kinds.kinds import Kind
from recolake.limits.calendar import month_of
from recolake.limits.gcra import Rate
from recolake.limits.plans import Allowance, Quota, TenantPlan, plans_snapshot, render_plans
from recolake.privacy.lists import opted_out
from recolake.ranking.pointer import activate
from recolake.scenarios.lifecycle import put
from recolake.tenancy.pseudonyms import tenant_key
from serving.api.recommendations.kinds import personal
from serving.app import create_app
from serving.ids import RecommendationIds

from .conftest import ITEMS, SHOP, Api

PEOPLE = ("ada", "ben", "eve", "old", "out", "zoe", "nobody")

rules = st.fixed_dictionaries(
    {},
    optional={
        "k": st.integers(1, ITEMS + 5),
        "include_seen": st.booleans(),
        "filter": st.sampled_from(
            ['kind = "toy"', "price < 20", "price < 0", 'user.country = "DE" or price > 9']
        ),
        "exclude": st.lists(st.sampled_from(["i0", "i3", "i9", "gone"]), max_size=3),
        "boosts": st.just([{"filter": 'kind = "book"', "factor": 2.5}]),
        "promotions": st.just([{"filter": 'kind = "vase"', "share": 0.3}]),
        "diversity": st.just({"strength": 0.4}),
        "explain": st.booleans(),
        "explore": st.sampled_from([0.0, 0.3]),
        "fields": st.sampled_from([[], ["kind"]]),
        "scenario": st.sampled_from(["wide"]),
    },
)


@pytest.fixture
def crowd(shop: Any) -> Any:
    """People of whom something else is known each: most of all, no vector, no dates, opted out, just now."""
    people = shop.write_artifact("v2", ["ada", "ben", "old", "out"], second_stage=_stage())
    shop.write_vectors("v2", people)
    shop.write_history("ben", [f"i{n}" for n in range(5, 30)], country="DE")
    shop.write_history("eve", ["i0", "i2"], country="DE")
    shop.write_history("old", ["i9", "i3", "i5"], dated=False)
    shop.write_history("out", ["i7"])
    activate(shop.settings, SHOP, "v2")
    put(shop.settings, SHOP, "wide", Kind.FOR_USER, {"k": 7, "include_seen": True})
    return shop


def _stage() -> Any:
    return stage(np.random.default_rng(5), ITEMS, depth=20, members=2, hidden=4)


def ask(api: Api, users: Sequence[str], **body: Any) -> Any:
    return api.ask_for("batch", user_ids=list(users), **body)


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """All of an answer but what is of this one alone."""
    return {name: value for name, value in answer.items() if name not in ("recommendation_id", "user_id")}


def lines(shop: Any) -> list[dict[str, Any]]:
    paths = sorted(shop.settings.journal_root.glob("*.jsonl*"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def test_everybody_gets_what_they_get_alone_whatever_is_asked(
    crowd: Any, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = tenant_key(crowd.settings, SHOP)
    opted_out(crowd.settings, SHOP).add(tenant, [crowd.person("out")], datetime.now(UTC))
    at = datetime.now(UTC).isoformat()
    events = [
        {"type": "purchase", "item_id": item, "user_id": user, "time": at}
        for user, item in (("zoe", "i30"), ("ada", "i12"), ("out", "i12"), ("ben", "i39"))
    ]
    assert api.client.post("/v1/events", json=events, headers=api.bearer()).status_code == 202
    hidden = api.client.put("/v1/items/i1", json={"available": False}, headers=api.bearer())
    assert hidden.status_code == 202
    api.until("v2 is served", lambda: api.ask(user_id="ben").json()["model_version"] == "v2")
    api.until("zoe is known", lambda: api.ask(user_id="zoe").json()["strategy"] == "personal")
    api.until("all came", lambda: "i12" not in _items(api.ask(user_id="ada", k=ITEMS).json()))
    api.until("the scenario", lambda: api.ask(scenario="wide").status_code == 200)

    @examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(body=rules, users=st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=12))
    def same(body: dict[str, Any], users: list[str]) -> None:
        # What chance is drawn from is an answer's id; so both ways have the same ids.
        _number_ids(monkeypatch)
        together = ask(api, users, **body)
        _number_ids(monkeypatch)
        alone = [api.ask(user_id=user, **body) for user in users]
        if together.status_code != 200:
            assert {each.status_code for each in alone} == {together.status_code}
            return
        found = together.json()["recommendations"]
        assert [each["user_id"] for each in found] == users
        assert [told(each) for each in found] == [told(each.json()) for each in alone]

    same()


def _items(answer: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


def _number_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    numbered = count()
    monkeypatch.setattr(RecommendationIds, "mint", lambda *_: f"rec_v1_{next(numbered)}")


def test_each_list_has_a_record_a_receipt_a_replay_and_a_next_page(api: Api, shop: Any) -> None:
    found = ask(api, ["ada", "nobody", "ada"], k=3).json()["recommendations"]
    assert len({each["recommendation_id"] for each in found}) == 3
    kept = {line["recommendation_id"]: line for line in lines(shop)}
    assert [kept[each["recommendation_id"]]["user_id"] for each in found] == [
        shop.person(user) for user in ("ada", "nobody", "ada")
    ]
    for each in found:
        line, name = kept[each["recommendation_id"]], each["recommendation_id"]
        assert line["item_ids"] == _items(each)
        assert api.receipt(name).json()["recorded"] is True
        replayed = api.client.post(f"/v1/recommendations/{name}/replay", headers=api.bearer()).json()
        assert _items(replayed) == _items(each)
    rest = api.ask(user_id="ada", k=3, next_of=found[0]["recommendation_id"]).json()
    assert _items(found[0]) + _items(rest) == _items(api.ask(user_id="ada", k=6).json())
    other = api.ask(user_id="ben", k=3, next_of=found[0]["recommendation_id"])
    assert other.status_code == 422


def test_a_retry_with_a_key_is_billed_once_and_another_request_is_billed(api: Api, shop: Any) -> None:
    def send(*users: str) -> Any:
        headers = api.bearer() | {"Idempotency-Key": "k"}
        body = {"user_ids": list(users), "k": 2}
        return api.client.post("/v1/recommendations/batch", json=body, headers=headers)

    first, again, other = send("ada", "ben"), send("ada", "ben"), send("ben", "ada")
    assert [each.status_code for each in (first, again, other)] == [200] * 3
    assert Counter(Counter(line["usage_id"] for line in lines(shop)).values()) == {2: 2, 1: 2}


def test_people_are_split_between_variants_and_a_broken_challenger_is_replaced_for_each(
    api: Api, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [f"user-{n}" for n in range(12)]
    shop.write_vectors("v2", shop.write_artifact("v2", ["ada", "ben"]))
    shop.start_experiment()
    api.until("the experiment", lambda: {api.ask(user_id=u).json()["variant"] for u in users} != {"default"})
    found = ask(api, users).json()["recommendations"]
    assert {each["variant"] for each in found} == {"champion", "challenger"}
    assert [told(each) for each in found] == [told(api.ask(user_id=user).json()) for user in users]
    honest = personal.rank

    def broken(artifact: Any, *args: Any, **more: Any) -> Any:
        if artifact.model_version == "v2":
            raise RuntimeError("broken")
        return honest(artifact, *args, **more)

    monkeypatch.setattr(personal, "rank", broken)
    with capture_logs() as logs:
        replaced = ask(api, users).json()["recommendations"]
    assert "challenger_failed" in {entry["event"] for entry in logs}
    assert [each["variant"] for each in replaced] == [each["variant"] for each in found]
    assert {(each["variant"], each["model_version"], each["fallback"]) for each in replaced} == {
        ("champion", "v1", "unknown_user"),
        ("challenger", "v1", "challenger_failed"),
    }


def test_without_redis_everybody_gets_what_is_popular_and_is_told(api: Api, shop: Any) -> None:
    shop.valkey.kill()
    for each in ask(api, ["ada", "nobody"], k=3).json()["recommendations"]:
        assert (each["strategy"], each["fallback"]) == ("popular", "features_unavailable")
        assert each["degraded"] is True
        assert _items(each) == ["i0", "i1", "i2"]


def test_a_list_of_n_counts_n_of_rates_and_quota_and_one_beyond_the_burst_is_refused(shop: Any) -> None:
    slow = Rate(1 / 86_400, 10)
    quota = {Quota.REQUESTS: Allowance(monthly=9, of_month=9, used=0, hard=True)}
    plan = TenantPlan("test", month_of(datetime.now(UTC)), slow, None, quota)
    write_atomically(plans_snapshot(shop.settings), render_plans({SHOP: plan}))
    with TestClient(create_app(shop.settings), raise_server_exceptions=False) as client:
        api = Api(client, shop.key())
        beyond = ask(api, ["ada"] * 11)
        assert (beyond.status_code, beyond.json()["code"]) == (422, "beyond_rate_limit")
        assert ask(api, ["ada"] * 10).json()["code"] == "quota_exceeded"
        answer = ask(api, ["ada"] * 8)
        assert answer.status_code == 200
        assert '"quota-requests";r=1' in answer.headers["ratelimit"]
        assert ask(api, ["ada"] * 3).json()["code"] == "rate_limited"
    assert len(lines(shop)) == 8


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"user_ids": []}, "user_ids"),
        ({"user_ids": ["x"] * 1_001}, "user_ids"),
        ({"user_ids": ["ada"], "user_id": "ada"}, "user_id"),
        ({"user_ids": ["ada"], "next_of": "rec"}, "next_of"),
        ({"user_ids": ["ada"] * 1_000, "k": 51}, "k"),
        ({"user_ids": ["ada"], "filter": "nonsense <"}, "filter"),
    ],
    ids=["nobody", "too many", "one beside", "a page", "too many items", "a bad filter"],
)
def test_what_cannot_be_answered_is_refused_by_name_and_nothing_is_billed(
    api: Api, shop: Any, body: dict[str, Any], field: str
) -> None:
    answer = api.ask_for("batch", **body)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert lines(shop) == []


def test_without_a_record_of_all_there_is_no_answer(api: Api, shop: Any) -> None:
    shop.settings.journal_root.write_text("not a folder")
    assert ask(api, ["ada", "ben"]).status_code == 500

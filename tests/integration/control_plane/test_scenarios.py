"""Scenarios over HTTP: nothing that would not work goes live, and every version stays readable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recolake.files import write_atomically
from recolake.ranking.artifact import UserVectors
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.pointer import activate, version_folder
from recolake.scenarios.store import live_file, live_versions
from recolake.tenancy.api_keys import Scope, generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant

SHOP, RIVAL = Tenant("shop"), Tenant("rival")


@pytest.fixture
def plane(plane_at: Callable[[str], Any]) -> Any:
    """With a model in service, whose items have a kind and a price."""
    plane = plane_at("/v1/scenarios")
    random = np.random.default_rng(1)
    weights = BlendWeights(vector=1, popularity=0.5, own=1)
    names = tuple(f"i{n}" for n in range(20))
    write_artifact(
        version_folder(plane.settings, SHOP, "v1"),
        Origin(SHOP, "shop-recommender", "v1", "run", "commit", {}, 7, {}, []),
        RankingConfig(new_items=weights, all_items=weights),
        Items(names, names, tuple({"kind": "toy", "price": "3"} for _ in names)),
        random.standard_normal((20, 4)).astype(np.float32),
        np.arange(20.0),
        UserVectors((), np.empty((0, 4), np.float32)),
    )
    activate(plane.settings, SHOP, "v1")
    return plane


def test_a_scenario_is_put_changed_and_taken_away_and_its_versions_stay(plane: Any) -> None:
    assert plane.ask("GET").json() == {"scenarios": []}
    body = {"kind": "for-user", "defaults": {"k": 5, "filter": "kind = 'toy'"}, "description": "Start page"}
    made = plane.ask("PUT", "/home", json=body)
    assert made.status_code == 201
    assert {name: made.json()[name] for name in (*body, "name", "version", "live")} == {
        **body,
        "name": "home",
        "version": 1,
        "live": True,
    }
    again = plane.ask("PUT", "/home", json=body)
    assert (again.status_code, again.json()) == (200, made.json())
    second = plane.ask("PUT", "/home", json=body | {"defaults": {"k": 6}}).json()
    assert (second["version"], second["defaults"]) == (2, {"k": 6})
    assert plane.ask("GET", "/home").json() == second
    assert plane.ask("GET", "/home", params={"version": 1}).json() == made.json() | {"live": False}
    assert [each["version"] for each in plane.ask("GET", "/home/versions").json()["scenarios"]] == [2, 1]

    assert plane.ask("DELETE", "/home").status_code == 204
    gone = plane.ask("GET", "/home")
    assert (gone.status_code, gone.json()["code"], gone.json()["known"]) == (404, "unknown_scenario", [])
    assert plane.ask("DELETE", "/home").status_code == 404
    assert plane.ask("GET", "/home", params={"version": 1}).json()["defaults"] == body["defaults"]
    assert plane.ask("PUT", "/home", json=body).json()["version"] == 3


def test_what_would_not_work_does_not_go_live(plane: Any) -> None:
    for body, code, field in (
        ({"kind": "users"}, "invalid_input", "kind"),
        ({"kind": "guess"}, "invalid_input", "kind"),
        ({"kind": "popular", "defaults": {"k": 0}}, "invalid_input", "defaults.k"),
        ({"kind": "popular", "defaults": {"user_id": "ada"}}, "invalid_input", "defaults.user_id"),
        ({"kind": "popular", "defaults": {"include_seen": True}}, "invalid_input", "defaults.include_seen"),
        ({"kind": "popular", "defaults": {"filter": "price <"}}, "invalid_expression", "defaults.filter"),
        ({"kind": "popular", "defaults": {"filter": "colour = 1"}}, "unknown_attribute", "defaults.filter"),
        (
            {"kind": "popular", "defaults": {"boosts": [{"filter": "user.age > 1", "factor": 2}]}},
            "unknown_attribute",
            "defaults.boosts.0.filter",
        ),
        ({"kind": "popular", "defaults": {"fields": ["colour"]}}, "unknown_attribute", "defaults.fields.0"),
        (
            {"kind": "popular", "defaults": {"diversity": {"attribute": "colour", "strength": 1}}},
            "unknown_attribute",
            "defaults.diversity.attribute",
        ),
    ):
        answer = plane.ask("PUT", "/home", json=body)
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field)
    assert plane.ask("PUT", "/Home%20Page", json={"kind": "popular"}).status_code == 422
    assert plane.ask("GET").json() == {"scenarios": []}


def test_without_a_model_only_what_asks_nothing_of_items_can_be_checked(plane: Any) -> None:
    plain = {"kind": "popular", "defaults": {"filter": "user.country = context.country", "k": 3}}
    assert plane.ask("PUT", "/plain", RIVAL, json=plain).status_code == 201
    asks = plane.ask("PUT", "/asks", RIVAL, json={"kind": "popular", "defaults": {"filter": "price < 3"}})
    assert (asks.status_code, asks.json()["code"]) == (409, "nothing_served")
    assert live_versions(plane.settings, RIVAL) == {"plain": 1}


def test_another_tenant_s_scenario_does_not_exist(plane: Any) -> None:
    plane.ask("PUT", "/home", json={"kind": "popular"})
    for method, path in (("GET", "/home"), ("GET", "/home/versions"), ("DELETE", "/home")):
        assert plane.ask(method, path, RIVAL).json()["code"] == "unknown_scenario"
    assert plane.ask("GET", "/home", RIVAL, params={"version": 1}).status_code == 404
    assert plane.ask("GET", "/home").status_code == 200


def test_a_damaged_document_is_told_without_where_it_lies(plane: Any) -> None:
    plane.ask("PUT", "/home", json={"kind": "popular"})
    live_file(plane.settings, SHOP).write_text("{torn")
    for method, path in (("GET", ""), ("GET", "/home"), ("DELETE", "/home")):
        answer = plane.ask(method, path)
        assert (answer.status_code, answer.json()["code"]) == (500, "invalid_scenario")
        assert str(plane.settings.home) not in answer.text


def test_the_key_needs_the_scope(plane: Any) -> None:
    secret, record = generate_key(SHOP, [scope for scope in Scope if scope is not Scope.SCENARIOS_WRITE])
    write_atomically(keys_snapshot(plane.settings), render_snapshot({hash_key(secret): record}))
    plane.keys[SHOP] = secret
    for method, path in (("GET", ""), ("PUT", "/x"), ("GET", "/x"), ("DELETE", "/x")):
        answer = plane.ask(method, path, json={"kind": "popular"} if method == "PUT" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")

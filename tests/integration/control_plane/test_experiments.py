"""Experiments over HTTP, with nothing but this machine's files: every other service may be down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recolake.experiments.document import Experiment, Stopper
from recolake.experiments.lifecycle import begin, stop
from recolake.experiments.store import experiment_file, running_experiment
from recolake.files import write_atomically
from recolake.tenancy.api_keys import Scope, generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant

SHOP, RIVAL = Tenant("shop"), Tenant("rival")
BEGUN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def plane(plane_at: Callable[[str], Any]) -> Any:
    return plane_at("/v1/experiments")


def begun_of(plane: Any, number: int, tenant: Tenant = SHOP) -> Experiment:
    experiment = Experiment(
        experiment_id=f"exp-20260301T{number:06}Z-0123abcd",
        tenant_id=tenant.name,
        salt="0f" * 16,
        champion="v1",
        champion_checksum="a",
        challenger="v2",
        challenger_checksum="b",
        share=0.5,
        started_at=BEGUN + timedelta(seconds=number),
    )
    begin(plane.settings, experiment)
    return experiment


def test_an_experiment_is_read_stopped_and_stays_as_it_ended(plane: Any) -> None:
    begun = begun_of(plane, 1)
    path = f"/{begun.experiment_id}"
    running = plane.ask("GET", path).json()
    assert (running["champion"], running["challenger"], running["share"]) == ("v1", "v2", 0.5)
    assert (running["state"], running["ending"]) == ("champion_only", None)
    assert running["trouble"] == "None is served, not v1"
    assert begun.salt not in plane.ask("GET", path).text

    ended = plane.ask("POST", f"{path}/stop", json={"reason": "clicks are down"}).json()
    assert (ended["state"], ended["ending"]["by"], ended["ending"]["reason"]) == (
        "over",
        "person",
        "clicks are down",
    )
    assert running_experiment(plane.settings, SHOP) is None
    for again in (plane.ask("POST", f"{path}/stop"), plane.ask("GET", path)):
        assert (again.status_code, again.json()) == (200, ended)


def test_the_list_comes_in_pages_newest_first(plane: Any) -> None:
    assert plane.ask("GET").json() == {"experiments": [], "next_cursor": None}
    for number in range(5):
        begun_of(plane, number)
        stop(plane.settings, SHOP, Stopper.PERSON, "next")
    seen, cursor = [], None
    while True:
        page = plane.ask("GET", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [each["experiment_id"] for each in page["experiments"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [f"exp-20260301T{number:06}Z-0123abcd" for number in (4, 3, 2, 1, 0)]
    for wrong in ({"cursor": "exp-of-nobody"}, {"limit": 0}):
        answer = plane.ask("GET", params=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_another_tenant_s_experiment_does_not_exist(plane: Any) -> None:
    begun = begun_of(plane, 1)
    for method, path in (("GET", f"/{begun.experiment_id}"), ("POST", f"/{begun.experiment_id}/stop")):
        real = plane.ask(method, path, RIVAL)
        absent = plane.ask(method, path.replace("0123abcd", "9999abcd"), RIVAL)
        assert (real.status_code, real.json()["code"]) == (404, "not_found")
        assert (absent.status_code, absent.json()["code"]) == (404, "not_found")
    assert plane.ask("GET", tenant=RIVAL).json()["experiments"] == []
    assert running_experiment(plane.settings, SHOP) == begun


def test_a_start_that_cannot_be_is_refused_in_words(plane: Any) -> None:
    nothing_served = plane.ask("POST", json={"challenger": "v2"})
    assert (nothing_served.status_code, nothing_served.json()["code"]) == (404, "not_found")
    begun_of(plane, 1)
    second = plane.ask("POST", json={"challenger": "v3"})
    assert (second.status_code, second.json()["code"]) == (409, "experiment_runs")
    for body, field in (
        ({}, "challenger"),
        ({"challenger": "newest"}, "challenger"),
        ({"challenger": "v2", "share": 1}, "share"),
        ({"challenger": "v2", "guardrails": {"margins": {"mood": 0.1}}}, "guardrails.margins.mood"),
        ({"challenger": "v2", "tenant": "rival"}, "tenant"),
    ):
        answer = plane.ask("POST", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
        assert answer.json()["field"].startswith(field)


def test_a_damaged_document_is_told_without_where_it_lies(plane: Any) -> None:
    begun_of(plane, 1)
    experiment_file(plane.settings, SHOP).write_text("{torn")
    answer = plane.ask("GET")
    assert (answer.status_code, answer.json()["code"]) == (500, "invalid_experiment")
    assert str(plane.settings.home) not in answer.text


def test_the_key_needs_the_scope(plane: Any) -> None:
    secret, record = generate_key(SHOP, [scope for scope in Scope if scope is not Scope.EXPERIMENTS_WRITE])
    write_atomically(keys_snapshot(plane.settings), render_snapshot({hash_key(secret): record}))
    plane.keys[SHOP] = secret
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/x"), ("POST", "/x/stop")):
        answer = plane.ask(method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")

"""A share of the people gets the challenger, always the same; anything wrong gives all the champion."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from recolake.experiments.assignment import variant_of
from recolake.experiments.document import Stopper
from recolake.experiments.lifecycle import stop
from recolake.experiments.store import experiment_file
from recolake.ranking.pointer import activate, version_folder
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
PEOPLE = [f"person-{number}" for number in range(24)]
VERSIONS = {"champion": "v1", "challenger": "v2", "default": "v1"}


@pytest.fixture
def split(api: Any, shop: Any) -> Any:
    """An experiment of v2 against v1, live, and everybody known to both models."""
    for version in ("v2", "v1"):
        folder = version_folder(shop.settings, SHOP, version)
        if folder.exists():
            folder.rename(folder.with_name(f".was-{version}"))
        shop.publish(version, PEOPLE)
    experiment = shop.start_experiment()
    await_state(api, "live")
    return experiment


def await_state(api: Any, state: str) -> None:
    api.until(state, lambda: api.client.get("/ready").json()[f"experiments_{state}"] == 1)


def variants(api: Any) -> dict[str, str]:
    return {user: api.ask(user_id=user, k=3).json()["variant"] for user in PEOPLE}


def usage(shop: Any) -> list[dict[str, Any]]:
    paths = sorted(shop.settings.journal_root.glob("*.jsonl*"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def test_each_person_gets_the_variant_of_their_hash_from_its_own_model_and_vector(
    api: Any, shop: Any, split: Any
) -> None:
    bodies = {user: api.ask(user_id=user, k=3).json() for user in PEOPLE}
    expected = {user: variant_of(split, shop.person(user)).value for user in PEOPLE}
    assert {user: body["variant"] for user, body in bodies.items()} == expected
    assert set(expected.values()) == {"champion", "challenger"}
    for body in bodies.values():
        assert body["model_version"] == VERSIONS[body["variant"]]
        assert (body["strategy"], body["fallback"]) == ("personal", None)
    assert variants(api) == expected, "asked again, everybody gets the same"


def test_every_usage_row_names_variant_experiment_and_time(api: Any, shop: Any, split: Any) -> None:
    answers = {a["recommendation_id"]: a for a in (api.ask(user_id=user).json() for user in PEOPLE)}
    rows = {row["recommendation_id"]: row for row in usage(shop)}
    for name, answer in answers.items():
        row = rows[name]
        assert (row["variant"], row["model_version"]) == (answer["variant"], answer["model_version"])
        assert row["experiment_id"] == split.experiment_id
        assert row["milliseconds"] > 0
        assert row["fallback"] is None


def test_receipts_resolve_for_the_model_of_the_variant(api: Any, split: Any) -> None:
    for user in PEOPLE:
        answer = api.ask(user_id=user).json()
        receipt = api.receipt(answer["recommendation_id"]).json()
        assert receipt["model"]["version"] == VERSIONS[answer["variant"]]
        assert (receipt["variant"], receipt["experiment_id"]) == (answer["variant"], split.experiment_id)
        assert receipt["uploads"] == [f"upload-{answer['model_version']}"]


def test_who_is_nobody_is_in_no_experiment(api: Any, shop: Any, split: Any) -> None:
    answers = [api.ask().json() for _ in range(5)]
    assert {(a["variant"], a["model_version"]) for a in answers} == {("default", "v1")}
    receipt = api.receipt(answers[0]["recommendation_id"]).json()
    assert (receipt["variant"], receipt["experiment_id"]) == ("default", None)
    assert {row["experiment_id"] for row in usage(shop)[-5:]} == {None}


def test_a_stop_gives_everybody_the_champion_without_a_failed_or_mixed_answer(
    api: Any, shop: Any, split: Any
) -> None:
    done = threading.Event()
    seen: list[tuple[int, str, str, str]] = []

    def load(offset: int) -> None:
        turn = offset
        while not done.is_set():
            answer = api.ask(user_id=PEOPLE[turn % len(PEOPLE)], k=3)
            body = answer.json()
            seen.append((answer.status_code, body["variant"], body["model_version"], body["strategy"]))
            turn += 1

    threads = [threading.Thread(target=load, args=(offset,)) for offset in (0, 8)]
    for thread in threads:
        thread.start()
    try:
        api.until("both variants", lambda: {v for _, v, _, _ in seen} == {"champion", "challenger"})
        stop(shop.settings, SHOP, Stopper.PERSON, "enough")
        api.until("the stop", lambda: {v for _, v, _, _ in seen[-20:]} == {"default"})
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert {status for status, _, _, _ in seen} == {200}
    assert {version == VERSIONS[variant] for _, variant, version, _ in seen} == {True}
    assert {strategy for *_, strategy in seen} == {"personal"}


def test_a_challenger_that_is_damaged_leaves_everybody_with_the_champion(api: Any, shop: Any) -> None:
    shop.write_vectors("v2", shop.write_artifact("v2", ["ada"]))
    shop.start_experiment()
    index = version_folder(shop.settings, SHOP, "v2") / "index.faiss"
    index.write_bytes(index.read_bytes()[:-7])
    await_state(api, "champion_only")
    bodies = [api.ask(user_id=user).json() for user in ("ada", "ben", *PEOPLE)]
    assert {(b["variant"], b["model_version"]) for b in bodies} == {("default", "v1")}
    assert 'recolake_experiments{state="champion_only"} 1.0' in api.client.get("/metrics").text


def test_a_challenger_without_its_vectors_waits_for_them(api: Any, shop: Any) -> None:
    people = shop.write_artifact("v2", PEOPLE)
    shop.start_experiment(share=0.9)
    await_state(api, "champion_only")
    assert set(variants(api).values()) == {"default"}
    shop.write_vectors("v2", people)
    await_state(api, "live")
    assert "challenger" in variants(api).values()


def test_another_served_version_than_the_experiment_s_suspends_it(api: Any, shop: Any, split: Any) -> None:
    shop.write_vectors("v3", shop.write_artifact("v3", PEOPLE))
    activate(shop.settings, SHOP, "v3")
    await_state(api, "champion_only")
    assert {api.ask(user_id=u).json()["model_version"] for u in PEOPLE} == {"v3"}
    assert set(variants(api).values()) == {"default"}


def test_a_document_that_cannot_be_read_leaves_everybody_with_the_champion(
    api: Any, shop: Any, split: Any
) -> None:
    experiment_file(shop.settings, SHOP).write_text("{}")
    await_state(api, "unreadable")
    assert set(variants(api).values()) == {"default"}


def test_where_the_challenger_fails_the_champion_answers_and_the_failure_is_the_challenger_s(
    api: Any, shop: Any, split: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.api.recommendations.kinds import personal

    honest = personal.rank

    def broken(artifact: Any, *args: Any, **more: Any) -> Any:
        if artifact.model_version == "v2":
            raise RuntimeError("broken")
        return honest(artifact, *args, **more)

    monkeypatch.setattr(personal, "rank", broken)
    answers = {user: api.ask(user_id=user) for user in PEOPLE}
    assert {answer.status_code for answer in answers.values()} == {200}
    bodies = [answer.json() for answer in answers.values()]
    assert {b["model_version"] for b in bodies} == {"v1"}
    assert {(b["variant"], b["fallback"], b["strategy"]) for b in bodies} == {
        ("champion", None, "personal"),
        ("challenger", "challenger_failed", "personal"),
    }
    assert {(r["variant"], r["fallback"]) for r in usage(shop)} == {
        ("champion", None),
        ("challenger", "challenger_failed"),
    }

"""What is billed: each call once, before its answer; the request log says the same."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from recolake.journal.segments import OPEN_SUFFIX, whole_lines
from recolake.privacy.receipts import add_erased
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import tenant_key
from recolake.usage.meter import MeterRecord
from recolake.usage.segments import read_meter, read_segment

VIEW = {"user_id": "ada", "item_id": "i1", "type": "view", "time": "2026-03-01T12:00:00Z"}


def billed(api: Any, shop: Any) -> list[MeterRecord]:
    """What the journal bills; each usage id is one call."""
    found = [read_meter(path) for path in sorted(shop.settings.journal_root.glob(f"*{OPEN_SUFFIX}"))]
    assert all(unreadable == 0 for _, unreadable in found)
    return list({record.usage_id: record for records, _ in found for record in records}.values())


def keyed(api: Any, key: str) -> dict[str, str]:
    return api.bearer() | {"Idempotency-Key": key}


def test_a_retried_recommendation_is_the_first_answer_and_billed_once(api: Any, shop: Any) -> None:
    def ask(key: str, k: int = 3) -> Any:
        return api.client.post(
            "/v1/recommendations", json={"user_id": "ada", "k": k}, headers=keyed(api, key)
        )

    first, again = ask("a"), ask("a")
    assert (first.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    other = ask("a", k=4)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (ask("b", k=0).status_code, ask("b").status_code) == (422, 200)
    assert ask("b").json()["recommendation_id"] != first.json()["recommendation_id"]
    lines = billed(api, shop)
    assert [(line.kind, line.units, line.environment) for line in lines] == [("requests", 1, "live")] * 2


@pytest.mark.fault(1)
def test_a_kill_before_the_answer_is_kept_bills_the_retry_as_the_same_call(
    api: Any, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 1: the journal has the line, the caller has no answer, and asks again."""
    from recolake.web.replays import Replays

    def killed(*_: Any) -> None:
        raise OSError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(Replays, "keep", killed)
        lost = api.client.post("/v1/recommendations", json={"user_id": "ada"}, headers=keyed(api, "k"))
    assert lost.status_code == 500, "what is not kept does not leave"
    again = api.client.post("/v1/recommendations", json={"user_id": "ada"}, headers=keyed(api, "k"))
    assert again.status_code == 200
    (path,) = shop.settings.journal_root.glob(f"*{OPEN_SUFFIX}")
    answers, _ = read_segment(path)
    assert len({answer.recommendation_id for answer in answers}) == 2
    assert len(billed(api, shop)) == 1


def test_lists_are_billed_by_what_was_kept_of_them_and_once_however_often_they_are_sent(
    api: Any, shop: Any
) -> None:
    def send(path: str, body: Any, key: str = "") -> Any:
        headers = keyed(api, key) if key else api.bearer()
        return api.client.post(path, json=body, headers=headers)

    events = [VIEW, VIEW | {"item_id": "i2"}, VIEW | {"type": ""}]
    assert [send("/v1/events", events).status_code for _ in range(3)] == [207] * 3
    operations = [
        {"operation": "put_item", "item_id": "i9", "item": {"title": "New"}},
        {"operation": "send_event", "event": VIEW | {"item_id": "i3"}},
        {"operation": "delete_item", "item_id": "i8"},
    ]
    assert [send("/v1/batch", operations, "batch").status_code for _ in range(2)] == [202] * 2
    assert send("/v1/events", {"type": ""}).status_code == 422
    units: Counter[str] = Counter()
    for line in billed(api, shop):
        units[line.kind] += line.units
    assert units == {"events": 3, "items": 2}


def test_the_request_log_names_what_the_journal_bills(api: Any, shop: Any) -> None:
    with capture_logs() as logs:
        api.ask(user_id="ada")
        api.ask(user_id="ada", k=0)
        api.client.post("/v1/events", json=[VIEW], headers=api.bearer())
    said = [entry["usage"] for entry in logs if entry["event"] == "request" and "usage" in entry]
    assert [[each["id"] for each in usage] for usage in said] == [
        [line.usage_id] for line in billed(api, shop)
    ]
    assert [usage[0]["kind"] for usage in said] == ["requests", "events"]


def test_an_answer_for_somebody_who_was_erased_is_not_given_again(api: Any, shop: Any) -> None:
    def ask() -> Any:
        return api.client.post("/v1/recommendations", json={"user_id": "ada"}, headers=keyed(api, "k"))

    answer, tenant = ask().json(), Tenant("shop")
    add_erased(shop.settings, tenant, tenant_key(shop.settings, tenant), [answer["recommendation_id"]])
    again = ask()
    assert (again.status_code, again.json()["code"]) == (410, "erased")


def test_a_line_says_what_is_billed_to_whom(api: Any, shop: Any) -> None:
    api.ask(user_id="ada")
    (path,) = Path(shop.settings.journal_root).glob(f"*{OPEN_SUFFIX}")
    line = json.loads(whole_lines(path)[-1])
    assert {"usage_id", "units", "scenario", "environment", "key_id", "tenant_id"} <= set(line)

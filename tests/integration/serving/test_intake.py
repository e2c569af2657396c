"""What comes in is judged entry by entry, kept before it is acknowledged, and replayed by key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recolake.journal.segments import sealed_segments
from recolake.records.kinds import Kind
from recolake.settings import Settings
from recolake.spool.read import read_segment
from recolake.tenancy.api_keys import Scope
from serving.app import create_app

EVENT: dict[str, Any] = {
    "type": "view",
    "item_id": "i1",
    "user_id": "ada",
    "time": "2026-02-01T10:00:00Z",
}


@pytest.fixture(autouse=True)
def _known_tenant(bare_shop: Any) -> None:
    """Its creation makes the key for pseudonyms."""
    bare_shop.person("ada")


def spooled(settings: Settings) -> list[tuple[str, Kind, bytes]]:
    """Tenant, kind and text of all that is kept, once the application has let go of it."""
    frames = [frame for path in sealed_segments(settings.spool_root) for frame in read_segment(path)[0]]
    return [(frame.tenant.name, record.kind, record.text) for frame in frames for record in frame.records]


def test_events_are_judged_one_by_one_and_answered_in_order(bare_shop: Any) -> None:
    with TestClient(create_app(bare_shop.settings)) as client:
        bearer = {"Authorization": f"Bearer {bare_shop.key()}"}
        single = client.post("/v1/events", json=EVENT, headers=bearer)
        assert single.status_code == 202
        both = client.post("/v1/events", json=[EVENT, EVENT | {"item_id": "i2"}], headers=bearer)
        assert (both.status_code, both.json()["accepted"], both.json()["rejected"]) == (202, 2, 0)
        assert both.json()["results"][0] == {"status": 202, **single.json()}
        mixed = client.post(
            "/v1/events", json=[EVENT | {"type": "sneeze"}, EVENT, EVENT | {"x": 1}], headers=bearer
        )
        assert mixed.status_code == 207
        assert [r["status"] for r in mixed.json()["results"]] == [422, 202, 422]
        assert [r.get("field") for r in mixed.json()["results"]] == ["type", None, "x"]
        none = client.post("/v1/events", json=[EVENT | {"type": "sneeze"}], headers=bearer)
        assert (none.status_code, none.headers["content-type"]) == (422, "application/problem+json")
        said = none.json()
        assert (said["code"], said["index"], said["field"]) == ("unknown_type", 0, "type")
        for body, code in (([], "invalid_input"), ([EVENT] * 1_001, "invalid_input"), (7, "invalid_input")):
            refused = client.post("/v1/events", json=body, headers=bearer)
            assert (refused.status_code, refused.json()["code"]) == (422, code)
        flood = client.post("/v1/events", content=b" " * (5 << 20), headers=bearer)
        assert (flood.status_code, flood.json()["code"]) == (413, "too_large")
    kept = spooled(bare_shop.settings)
    assert {(tenant, kind) for tenant, kind, _ in kept} == {("shop", Kind.EVENT)}
    assert len(kept) == 4
    assert not any(b"ada" in text for _, _, text in kept)


def test_a_batch_does_what_the_key_may_and_answers_in_order(bare_shop: Any) -> None:
    operations = [
        {"operation": "put_item", "item_id": "i1", "item": {"title": "Lamp", "price": 4.5}},
        {"operation": "send_event", "event": EVENT},
        {"operation": "send_event", "event": EVENT | {"time": "1970-01-01T00:00:00Z"}},
        {"operation": "put_user", "user_id": "ada", "user": {"properties": {"country": "DE"}}},
        {"operation": "delete_item", "item_id": "i2"},
        {"operation": "sing"},
    ]
    with TestClient(create_app(bare_shop.settings)) as client:
        bearer = {"Authorization": f"Bearer {bare_shop.key()}"}
        answer = client.post("/v1/batch", json=operations, headers=bearer)
        assert answer.status_code == 207
        assert [r["status"] for r in answer.json()["results"]] == [202, 202, 422, 202, 202, 422]
        assert answer.json()["results"][2]["field"] == "event.time"
        assert client.put("/v1/items/a%2Fb", json={"title": "x"}, headers=bearer).json() == {"item_id": "a/b"}
        assert client.delete("/v1/items/a%2Fb", headers=bearer).status_code == 202
        # What an event may name can be deleted.
        assert client.delete("/v1/items/a%0Ab%0A", headers=bearer).json() == {"item_id": "a\nb\n"}
        narrow = {"Authorization": f"Bearer {bare_shop.key(scopes=[Scope.EVENTS_WRITE])}"}
        answer = client.post("/v1/batch", json=operations[:2], headers=narrow)
        assert [r["status"] for r in answer.json()["results"]] == [403, 202]
        assert client.put("/v1/users/ada", json={}, headers=narrow).status_code == 403
    kinds = [kind for _, kind, _ in spooled(bare_shop.settings)]
    assert sorted(kinds) == sorted([Kind.ITEM] * 5 + [Kind.EVENT] * 2 + [Kind.USER])


def test_a_key_gets_the_first_answer_again_from_whichever_process(bare_shop: Any) -> None:
    secret = bare_shop.key()
    keyed = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k" * 255}
    first = TestClient(create_app(bare_shop.settings))
    with first:
        with ThreadPoolExecutor(4) as threads:
            answers = list(
                threads.map(lambda _: first.post("/v1/events", json=EVENT, headers=keyed), range(4))
            )
        assert {(a.status_code, a.content) for a in answers} == {(202, answers[0].content)}
        # What failed validation is not remembered: the same key may go with what was mended.
        again = keyed | {"Idempotency-Key": "mended"}
        assert first.post("/v1/events", json=EVENT | {"type": "x"}, headers=again).status_code == 422
        assert first.post("/v1/events", json=EVENT, headers=again).status_code == 202
    with TestClient(create_app(bare_shop.settings)) as second:
        assert second.post("/v1/events", json=EVENT, headers=keyed).content == answers[0].content
        other = second.post("/v1/events", json=EVENT | {"item_id": "i2"}, headers=keyed)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(spooled(bare_shop.settings)) == 2

"""Control 1: whatever lies in another tenant's files does not exist, on every route that names it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from recolake.experiments.document import Experiment
from recolake.experiments.lifecycle import begin
from recolake.tenancy.context import Tenant

SHOP, RIVAL = Tenant("shop"), Tenant("rival")
DAY = (
    b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    b"536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n"
)
PIECE = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
MORE: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/v1/files/{file_id}"): {
        "content": b"x",
        "headers": PIECE | {"Content-Type": "application/offset+octet-stream"},
    },
    ("POST", "/v1/experiments/{experiment_id}/stop"): {"json": {"reason": "over"}},
    **{
        ("POST", f"/v1/uploads/{{upload_id}}/{word}"): {"json": {"reason": "looked at"}}
        for word in ("release", "reject", "revert")
    },
}
# Who puts a scenario makes one of their own, whatever others call theirs.
MAKES_ITS_OWN = {("PUT", "/v1/scenarios/{name}")}
# In PostgreSQL: test_organisations.py and test_webhooks.py ask for them in the same way.
ELSEWHERE = {
    "key_id",
    "person_id",
    "invitation_id",
    "tenant_id",
    "session_id",
    "webhook_id",
    "event_id",
    "month",
}


@pytest.fixture
def plane(plane_at: Callable[[str], Any]) -> Any:
    return plane_at("")


def things(plane: Any) -> dict[tuple[str, str], str]:
    """Something of the shop behind each name in a path, by the path's first part and the name."""
    begun = Experiment(
        experiment_id="exp-20260301T000001Z-0123abcd",
        tenant_id=SHOP.name,
        salt="0f" * 16,
        champion="v1",
        champion_checksum="a",
        challenger="v2",
        challenger_checksum="b",
        share=0.5,
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    begin(plane.settings, begun)
    parts = [("files", ("day.csv", DAY)), ("mapping", (None, "online_retail"))]
    upload = plane.ask("POST", "/v1/uploads", files=parts)
    scenario = plane.ask("PUT", "/v1/scenarios/home", json={"kind": "for-user", "defaults": {"k": 5}})
    erasure, export = (
        plane.ask("POST", f"/v1/privacy/{kind}", json={"user_id": "ada"}) for kind in ("erasures", "exports")
    )
    key = {"Authorization": f"Bearer {plane.keys[SHOP]}"}
    named = {"Upload-Length": "9", "Upload-Metadata": "filename ZGF5LmNzdg=="}
    file = plane.client.post("/v1/files", headers=key | PIECE | named)
    assert {each.status_code for each in (upload, scenario, erasure, export, file)} == {201, 202}
    return {
        ("/v1/uploads", "upload_id"): upload.json()["upload_id"],
        ("/v1/files", "file_id"): file.headers["location"].rpartition("/")[2],
        ("/v1/experiments", "experiment_id"): begun.experiment_id,
        ("/v1/privacy/erasures", "request_id"): erasure.json()["request_id"],
        ("/v1/privacy/exports", "request_id"): export.json()["request_id"],
        ("/v1/scenarios", "name"): "home",
    }


def routes(plane: Any) -> Iterator[tuple[str, str, str]]:
    """Method, path and the name in it; what removes things comes last."""
    paths = plane.client.get("/openapi.json").json()["paths"]
    found = [(m.upper(), p, n) for p, ms in paths.items() for m in ms for n in re.findall(r"\{(\w+)\}", p)]
    yield from sorted(found, key=lambda each: each[0] == "DELETE")


def answer(plane: Any, tenant: Tenant, method: str, path: str, thing: str) -> tuple[int, dict[str, str]]:
    """Status and what is told, but for what was asked for and the request's own id."""
    more = MORE.get((method, path), {"headers": PIECE})
    headers = {"Authorization": f"Bearer {plane.keys[tenant]}"} | more.get("headers", {})
    given = plane.client.request(method, re.sub(r"\{\w+\}", thing, path), **more | {"headers": headers})
    in_json = given.content and "json" in given.headers.get("content-type", "")
    told = {field: str(said).replace(thing, "?") for field, said in (given.json() if in_json else {}).items()}
    return given.status_code, told | {"request_id": ""}


@pytest.mark.control(1)
def test_on_every_route_a_foreign_thing_is_answered_as_one_that_never_was(plane: Any) -> None:
    known, asked = things(plane), set()
    for method, path, name in routes(plane):
        if name in ELSEWHERE or (method, path) in MAKES_ITS_OWN:
            continue
        prefix = path.partition("/{")[0]
        thing = known[prefix, name]
        other = "nobody" if name == "name" else re.sub(r"[0-9]", "7", thing)
        absent, foreign, own = (
            answer(plane, tenant, method, path, which)
            for tenant, which in ((RIVAL, other), (RIVAL, thing), (SHOP, thing))
        )
        assert absent[0] == 404, (method, path, absent)
        assert foreign == absent, (method, path)
        assert own != absent, (method, path)
        asked.add((prefix, name))
    assert asked == known.keys()

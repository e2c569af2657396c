"""What people ask over HTTP, with nothing but this machine's files: requests are kept, and name nobody."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from recolake.files import write_atomically
from recolake.privacy.certificate import Certificate, Scan, Statement, sign, verify
from recolake.privacy.requests import certificate_file, closed, export_file, keep, read_request
from recolake.settings import Settings
from recolake.tenancy.api_keys import Scope, generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key

SHOP, RIVAL = Tenant("shop"), Tenant("rival")
USER = "ada-7c0e6f0d2b9a4c1d8e5f"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def plane(plane_at: Callable[[str], Any]) -> Any:
    return plane_at("/v1/privacy")


def _certify(settings: Settings, request_id: str) -> None:
    statement = Statement(
        certificate_id=request_id,
        tenant_id=SHOP.name,
        reason="request",
        people=["0" * 32],
        asked_at=NOW,
        completed_at=NOW,
        stores=[],
        retired_models=[],
        cut_tables={},
        scan=Scan(files=1, bytes=1, unreadable=0),
    )
    content = sign(settings, SHOP, statement).model_dump_json().encode()
    write_atomically(certificate_file(settings, SHOP, request_id), content)
    request = read_request(settings, SHOP, request_id)
    keep(settings, SHOP, closed(request, ensure_tenant_key(settings, SHOP), NOW))


def test_an_erasure_is_one_request_until_its_certificate_is_there(plane: Any) -> None:
    asked = plane.ask("POST", "/erasures", json={"user_id": USER})
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    again = plane.ask("POST", "/erasures", json={"user_id": f" {USER}"})
    assert again.json() == asked.json()
    assert USER not in asked.text
    path = f"/erasures/{asked.json()['request_id']}"
    early = plane.ask("GET", f"{path}/certificate")
    assert (early.status_code, early.json()["code"]) == (404, "not_found")
    _certify(plane.settings, asked.json()["request_id"])
    assert plane.ask("GET", path).json()["state"] == "done"
    verify(Certificate.model_validate_json(plane.ask("GET", f"{path}/certificate").content))


def test_an_export_is_fetched_as_a_zip(plane: Any) -> None:
    asked = plane.ask("POST", "/exports", json={"user_id": USER}).json()
    path = f"/exports/{asked['request_id']}"
    assert plane.ask("GET", f"{path}/file").status_code == 404
    target = export_file(plane.settings, SHOP, asked["request_id"])
    target.parent.mkdir(parents=True)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("README.txt", "x")
    fetched = plane.ask("GET", f"{path}/file")
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "application/zip")
    assert fetched.content == target.read_bytes()


def test_an_opt_out_holds_at_once_and_is_taken_back(plane: Any) -> None:
    body = {"user_id": USER}
    assert plane.ask("POST", "/opt-outs", json=body).json() == {"opted_out": True, "changed": True}
    assert plane.ask("POST", "/opt-outs", json=body).json() == {"opted_out": True, "changed": False}
    back = plane.ask("POST", "/opt-outs", json=body | {"opted_out": False})
    assert back.json() == {"opted_out": False, "changed": True}


def test_another_tenants_requests_do_not_exist(plane: Any) -> None:
    erasure = plane.ask("POST", "/erasures", json={"user_id": USER}).json()["request_id"]
    export = plane.ask("POST", "/exports", json={"user_id": USER}).json()["request_id"]
    _certify(plane.settings, erasure)
    for path in (
        f"/erasures/{erasure}",
        f"/erasures/{erasure}/certificate",
        f"/exports/{export}",
        f"/exports/{export}/file",
    ):
        answer = plane.ask("GET", path, RIVAL)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    crossed = plane.ask("GET", f"/exports/{erasure}")
    assert crossed.status_code == 404, "an erasure is no export"


@pytest.mark.parametrize(
    "body", [{}, {"user_id": ""}, {"user_id": "  "}, {"user_id": "x", "tenant": "rival"}]
)
def test_a_request_about_nobody_is_refused(plane: Any, body: dict[str, str]) -> None:
    for path in ("/erasures", "/exports", "/opt-outs"):
        answer = plane.ask("POST", path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_the_key_needs_the_scope(plane: Any) -> None:
    secret, record = generate_key(SHOP, [scope for scope in Scope if scope is not Scope.PRIVACY_WRITE])
    write_atomically(keys_snapshot(plane.settings), render_snapshot({hash_key(secret): record}))
    plane.keys[SHOP] = secret
    for method, path in (("POST", "/erasures"), ("GET", "/erasures/x"), ("POST", "/opt-outs")):
        answer = plane.ask(method, path, json={"user_id": USER})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_nothing_on_the_disk_holds_the_id(plane: Any) -> None:
    for path in ("/erasures", "/exports", "/opt-outs"):
        plane.ask("POST", path, json={"user_id": USER})
    files = [path for path in plane.settings.home.rglob("*") if path.is_file()]
    assert files
    assert not any(USER.encode() in path.read_bytes() for path in files)

"""Keys and tenants over HTTP: who may see and do what; every refusal is a problem document."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from control_plane.api_keys import service as keys
from control_plane.app import create_app
from control_plane.tenants import service as tenants
from recolake.settings import Settings
from recolake.tenancy.api_keys import Scope, generate_key
from recolake.tenancy.context import Tenant


@pytest.fixture(scope="module")
def client(platform: Settings) -> Iterator[TestClient]:
    """The control plane, started."""
    with TestClient(create_app(platform), raise_server_exceptions=False) as started:
        yield started


@pytest.fixture
def tenant(platform: Settings) -> tuple[str, dict[str, str]]:
    """A fresh tenant: its name, and headers that carry its first key."""
    name = f"t{uuid4().hex[:12]}"
    return name, bearer(tenants.create_tenant(platform, name))


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


ROUTES = [
    ("POST", "/v1/uploads"),
    ("GET", "/v1/uploads/abc"),
    ("POST", "/v1/keys"),
    ("GET", "/v1/keys"),
    ("DELETE", "/v1/keys/abc"),
    ("POST", "/v1/experiments"),
    ("GET", "/v1/experiments"),
    ("GET", "/v1/experiments/abc"),
    ("POST", "/v1/experiments/abc/stop"),
    ("GET", "/v1/scenarios"),
    ("PUT", "/v1/scenarios/abc"),
    ("GET", "/v1/scenarios/abc"),
    ("GET", "/v1/scenarios/abc/versions"),
    ("DELETE", "/v1/scenarios/abc"),
    ("OPTIONS", "/v1/files"),
    ("POST", "/v1/files"),
    ("HEAD", "/v1/files/abc"),
    ("PATCH", "/v1/files/abc"),
    ("DELETE", "/v1/files/abc"),
    ("POST", "/v1/privacy/erasures"),
    ("GET", "/v1/privacy/erasures/abc"),
    ("POST", "/v1/privacy/exports"),
    ("GET", "/v1/privacy/exports/abc/file"),
    ("POST", "/v1/privacy/opt-outs"),
    ("POST", "/v1/keys/abc/rotate"),
    ("PATCH", "/v1/organisation"),
    ("POST", "/v1/organisations"),
    ("POST", "/v1/organisation/close"),
    ("POST", "/v1/organisation/reopen"),
    ("GET", "/v1/members"),
    ("PATCH", "/v1/members/abc"),
    ("POST", "/v1/invitations"),
    ("GET", "/v1/invitations"),
    ("DELETE", "/v1/invitations/abc"),
    ("GET", "/v1/me"),
    ("POST", "/v1/me/password"),
    ("POST", "/v1/me/invitations"),
    ("GET", "/v1/sessions"),
    ("DELETE", "/v1/sessions/abc"),
    ("GET", "/v1/usage?from=2026-03-01&to=2026-03-02"),
    ("GET", "/v1/usage/limits"),
    ("GET", "/v1/invoices/abc"),
    ("GET", "/v1/audit"),
    ("GET", "/v1/audit/export"),
    ("POST", "/v1/webhooks"),
    ("GET", "/v1/webhooks"),
    ("GET", "/v1/webhooks/abc"),
    ("PATCH", "/v1/webhooks/abc"),
    ("DELETE", "/v1/webhooks/abc"),
    # From here on: what any key may look at; the fields of a query ask for more.
    ("POST", "/v1/graphql"),
    ("GET", "/v1/organisation"),
    ("GET", "/v1/organisation/closure"),
    ("GET", "/v1/tenants/abc"),
]
# Whoever comes has nothing to show yet.
PUBLIC = [("POST", "/v1/people"), ("POST", "/v1/invitations/accept")]


def _code(answer: Response) -> str:
    """What a refusal is called; an answer to HEAD has no body that could say it."""
    if answer.request.method == "HEAD":
        return {401: "unauthenticated", 403: "forbidden"}[answer.status_code]
    return str(answer.json()["code"])


@pytest.mark.control(1)
def test_every_route_is_listed_here(client: TestClient) -> None:
    """So that a new one cannot go without the checks below."""
    routes = client.get("/openapi.json").json()["paths"]
    listed = {(method, path.split("/abc")[0].split("?")[0]) for method, path in ROUTES + PUBLIC}
    served = {
        (method.upper(), path.split("/{")[0])
        for path, methods in routes.items()
        for method in methods
        if path.startswith("/v1/")
    }
    assert served == listed


@pytest.mark.control(1)
@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("secret", [None, "rk_live_nonsense", "well-formed"])
def test_nobody_without_a_valid_key_gets_anything(
    client: TestClient, method: str, path: str, secret: str | None
) -> None:
    if secret == "well-formed":
        secret, _ = generate_key(Tenant("shop"))
    answer = client.request(method, path, headers=bearer(secret) if secret else {})
    assert (answer.status_code, _code(answer)) == (401, "unauthenticated")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_key_of_narrow_scope_gets_no_further(
    client: TestClient, platform: Settings, tenant: tuple[str, dict[str, str]]
) -> None:
    narrow = keys.create_key(platform, Tenant(tenant[0]), [Scope.RECOMMENDATIONS_READ])
    for method, path in ROUTES[:-4]:
        answer = client.request(method, path, headers=bearer(narrow.secret))
        assert (answer.status_code, _code(answer)) == (403, "forbidden"), path


@pytest.mark.control(1)
def test_another_tenant_does_not_exist_for_me(
    client: TestClient, platform: Settings, tenant: tuple[str, dict[str, str]]
) -> None:
    name, headers = tenant
    other = f"t{uuid4().hex[:12]}"
    tenants.create_tenant(platform, other)
    (foreign,) = keys.list_keys(platform, Tenant(other))
    assert client.get(f"/v1/tenants/{name}", headers=headers).json()["tenant_id"] == name
    real, absent = (client.get(f"/v1/tenants/{who}", headers=headers) for who in (other, "t-nobody"))
    assert real.status_code == absent.status_code == 404
    assert {k: v for k, v in real.json().items() if k != "request_id"} == {
        k: v for k, v in absent.json().items() if k != "request_id"
    }
    assert client.delete(f"/v1/keys/{foreign.key_id}", headers=headers).status_code == 404
    assert foreign.key_id not in client.get("/v1/keys", headers=headers).text


def test_a_key_is_made_shown_once_and_revoked(client: TestClient, tenant: tuple[str, dict[str, str]]) -> None:
    name, headers = tenant
    made = client.post("/v1/keys", json={"scopes": ["uploads:write"]}, headers=headers)
    assert made.status_code == 201
    secret, key_id = made.json()["secret"], made.json()["key_id"]
    assert client.get(f"/v1/tenants/{name}", headers=bearer(secret)).status_code == 200
    listed = client.get("/v1/keys", headers=headers)
    assert key_id in listed.text
    assert secret not in listed.text
    assert client.delete(f"/v1/keys/{key_id}", headers=headers).status_code == 204
    after = client.get("/v1/keys", headers=headers).json()
    assert {key["key_id"]: key["revoked_at"] for key in after}[key_id]


def test_a_key_cannot_give_more_than_it_has(
    client: TestClient, platform: Settings, tenant: tuple[str, dict[str, str]]
) -> None:
    manager = keys.create_key(platform, Tenant(tenant[0]), [Scope.KEYS_WRITE])
    answer = client.post("/v1/keys", json={"scopes": ["uploads:write"]}, headers=bearer(manager.secret))
    assert (answer.status_code, answer.json()["field"]) == (403, "scopes")


@pytest.mark.control(13)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["events:write"], "tenant": "other"},
        {"scopes": ["events:write"], "expires_at": "2030-01-01T00:00:00"},
    ],
)
def test_a_wrong_or_unknown_field_is_refused(
    client: TestClient, tenant: tuple[str, dict[str, str]], body: dict[str, object]
) -> None:
    answer = client.post("/v1/keys", json=body, headers=tenant[1])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_without_a_database_account_calls_are_unavailable_and_the_process_lives(
    platform: Settings, tenant: tuple[str, dict[str, str]]
) -> None:
    away = platform.model_copy(update={"postgres_url": "postgresql://postgres@127.0.0.1:1"})
    with TestClient(create_app(away), raise_server_exceptions=False) as client:
        assert client.get("/health").status_code == 200
        for path in ("/ready", "/v1/keys"):
            answer = client.get(path, headers=tenant[1])
            assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
            assert int(answer.headers["retry-after"]) > 0

"""GraphQL reads what the REST routes read: the same rights, the same rows, the same refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from control_plane.api_keys import service as keys
from control_plane.app import create_app
from control_plane.database import open_database
from control_plane.permissions import Role
from control_plane.tenants import service as tenants
from control_plane.usage import repository
from recolake.moments import utc_now
from recolake.settings import Settings
from recolake.tenancy.api_keys import Scope
from recolake.tenancy.context import Tenant
from recolake.usage.meter import MeterRecord


@pytest.fixture
def shop(postgres: Settings) -> tuple[Tenant, str]:
    """A fresh tenant and its first key."""
    name = f"t{uuid4().hex[:12]}"
    return Tenant(name), tenants.create_tenant(postgres, name)


@pytest.fixture(scope="module")
def client(postgres: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(postgres), raise_server_exceptions=False) as started:
        yield started


def ask(client: TestClient, secret: str, query: str, **more: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post("/v1/graphql", json={"query": query, **more}, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def codes(answer: dict[str, Any]) -> dict[str, str]:
    """By field, what it was refused with."""
    return {str((e.get("path") or [""])[0]): e["extensions"]["code"] for e in answer["errors"]}


def test_it_answers_what_rest_answers(client: TestClient, shop: tuple[Tenant, str]) -> None:
    tenant, secret = shop
    answer = ask(client, secret, "{ tenant { tenantId } keys { keyId scopes createdAt } scenarios { name } }")
    (listed,) = client.get("/v1/keys", headers={"Authorization": f"Bearer {secret}"}).json()
    assert answer["data"]["tenant"] == {"tenantId": tenant.name}
    assert [(k["keyId"], k["scopes"]) for k in answer["data"]["keys"]] == [
        (listed["key_id"], listed["scopes"])
    ]
    limits = answer["extensions"]["limits"]
    assert limits == {"cost": 71, "most_cost": 2_500, "depth": 2, "most_depth": 8}


@pytest.mark.parametrize("role", list(Role))
def test_a_field_asks_for_the_permission_of_its_route(accounts: Any, role: Role) -> None:
    _, owner = accounts.owner()
    _, tokens = accounts.join(owner, role.value)
    fields = {
        "me": ("/v1/me", "me { personId }"),
        "members": ("/v1/members", "members { personId }"),
        "invitations": ("/v1/invitations", "invitations { invitationId }"),
        "keys": ("/v1/keys", "keys { keyId }"),
        "sessions": ("/v1/sessions", "sessions { sessionId }"),
        "webhooks": ("/v1/webhooks", "webhooks { webhookId }"),
        "audit": ("/v1/audit", "audit { entries { hash member { personId } } }"),
        "scenarios": ("/v1/scenarios", "scenarios { name }"),
        "experiments": ("/v1/experiments", "experiments { nextCursor }"),
        "limits": ("/v1/usage/limits", "limits { month }"),
        "invoice": ("/v1/invoices/2028-02", 'invoice(month: "2028-02") { totals }'),
    }
    for name, (path, field) in fields.items():
        rest = accounts.ask("GET", path, tokens["access_token"])
        body = ask(accounts.client, tokens["access_token"], f"{{ {field} }}")
        refused = codes(body) if "errors" in body else {}
        assert refused == ({} if rest.status_code == 200 else {name: rest.json()["code"]}), (role, name)


def test_a_refused_field_leaves_the_others(
    client: TestClient, postgres: Settings, shop: tuple[Tenant, str]
) -> None:
    narrow = keys.create_key(postgres, shop[0], [Scope.KEYS_WRITE]).secret
    schema = "{ __schema { queryType { fields { name } } } }"
    names = {f["name"] for f in ask(client, narrow, schema)["data"]["__schema"]["queryType"]["fields"]}
    assert {"tenant", "usage", "recommendations"} <= names
    answer = ask(client, narrow, "query { tenant { tenantId } limits { month } }")
    assert codes(answer) == {"limits": "forbidden"}


def test_another_tenants_rows_are_not_there(
    client: TestClient, postgres: Settings, shop: tuple[Tenant, str]
) -> None:
    other = f"t{uuid4().hex[:12]}"
    secret = tenants.create_tenant(postgres, other)
    mine, theirs = (
        {k["keyId"] for k in ask(client, who, "{ keys { keyId } }")["data"]["keys"]}
        for who in (shop[1], secret)
    )
    assert mine.isdisjoint(theirs)


def test_keys_of_a_hundred_usage_lines_are_one_look(
    client: TestClient, postgres: Settings, shop: tuple[Tenant, str]
) -> None:
    tenant, secret = shop
    at = utc_now()
    records = [
        MeterRecord(
            usage_id=uuid4().hex,
            tenant_id=tenant.name,
            at=at,
            key_id=f"key_{n}",
            kind="requests",
            units=1 << 40,
        )
        for n in range(100)
    ]
    with open_database(postgres).platform() as session:
        repository.add(session, records)
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        day = at.date().isoformat()
        query = f'{{ usage(from: "{day}", to: "{day}") {{ lines {{ units key {{ name }} }} }} }}'
        answer = ask(client, secret, query)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert [line["units"] for line in answer["data"]["usage"]["lines"]] == [1 << 40] * 100
    assert sum("api_keys" in statement for statement in seen) == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nothing }", "invalid_query"),
        ("{ tenant { ", "invalid_query"),
        ("mutation { tenant { tenantId } }", "invalid_query"),
        ("query A { tenant { tenantId } } query B { tenant { tenantId } }", "invalid_query"),
        ("{ " + "a " * 3_000 + "}", "invalid_query"),
        ("{ audit(limit: 1000) { entries { member { name } actor { id } } } }", "query_too_costly"),
        ('{ scenario(name: "../x") { name } }', "invalid_input"),
        ("{ audit(limit: 0) { nextCursor } }", "invalid_input"),
        ('{ scenario(name: "absent") { name } }', "unknown_scenario"),
        ('{ invoice(month: "never") { final } }', "invalid_input"),
    ],
)
def test_a_wrong_query_is_told_what_is_wrong(
    client: TestClient, shop: tuple[Tenant, str], query: str, code: str
) -> None:
    answer = ask(client, shop[1], query)
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == code, error
    assert error["extensions"]["request_id"]


def test_depth_and_introspection_follow_the_settings(postgres: Settings, shop: tuple[Tenant, str]) -> None:
    strict = postgres.model_copy(update={"graphql_introspection": False, "graphql_most_depth": 2})
    with TestClient(create_app(strict), raise_server_exceptions=False) as client:
        deep = ask(client, shop[1], "{ audit { entries { hash } } }")
        assert codes(deep) == {"": "query_too_deep"}
        assert codes(ask(client, shop[1], "{ __schema { types { name } } }")) == {"": "invalid_query"}
        assert ask(client, shop[1], "{ tenant { tenantId } }")["data"]


def test_people_are_told_that_recommendations_take_keys(accounts: Any) -> None:
    _, token = accounts.owner()
    answer = ask(accounts.client, token, "{ recommendations { strategy } }")
    assert codes(answer) == {"recommendations": "forbidden"}
    assert "API keys" in answer["errors"][0]["message"]


def test_without_the_recommendation_api_the_rest_is_refused_with_its_code(
    client: TestClient, shop: tuple[Tenant, str]
) -> None:
    answer = ask(client, shop[1], '{ receipt(recommendationId: "r") }')
    assert codes(answer) == {"receipt": "service_unavailable"}
    assert "recolake up" in answer["errors"][0]["extensions"]["hint"]

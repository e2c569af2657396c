"""Controls 1 and 12 in the data plane: a route asks for one scope, and without a key nobody gets further."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from recolake.settings import Settings
from recolake.tenancy.api_keys import generate_key
from recolake.tenancy.context import Tenant
from recolake.web.declared import UndeclaredRouteError
from serving.app import create_app
from serving.auth import ItemWriter, UserWriter, declared_scopes

GOLDEN = Path(__file__).with_name("scopes.txt")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The data plane with nothing but a folder: no tenant, no model, no Redis."""
    app = create_app(Settings(home=tmp_path_factory.mktemp("home"), redis_url="redis://127.0.0.1:1/0"))
    with TestClient(app, raise_server_exceptions=False) as started:
        yield started


def app_of(client: TestClient) -> FastAPI:
    assert isinstance(client.app, FastAPI)
    return client.app


@pytest.mark.control(1)
@pytest.mark.control(12)
def test_the_table_of_routes_and_scopes_is_the_golden_one(client: TestClient) -> None:
    """Changed on purpose? Then write it anew: the diff is what a reviewer looks at."""
    found = sorted(declared_scopes(app_of(client)).items(), key=lambda each: each[0][::-1])
    lines = [f"{method:7} {path:47} {scope or 'public'}\n" for (method, path), scope in found]
    assert "".join(lines) == GOLDEN.read_text()


@pytest.mark.control(12)
def test_a_route_that_asks_for_no_scope_stops_the_start() -> None:
    app = FastAPI()

    @app.get("/forgotten")
    def forgotten() -> None: ...

    with pytest.raises(UndeclaredRouteError, match="/forgotten"):
        declared_scopes(app)


@pytest.mark.control(12)
def test_a_route_that_asks_for_two_scopes_stops_the_start() -> None:
    app = FastAPI()

    @app.get("/torn")
    def torn(one: ItemWriter, other: UserWriter) -> None: ...

    with pytest.raises(UndeclaredRouteError, match="/torn"):
        declared_scopes(app)


@pytest.mark.control(1)
@pytest.mark.parametrize("secret", [None, "rk_live_nonsense", "well-formed"])
def test_nobody_without_a_valid_key_gets_anything(client: TestClient, secret: str | None) -> None:
    if secret == "well-formed":
        secret, _ = generate_key(Tenant("shop"))
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    asked = {route: scope for route, scope in declared_scopes(app_of(client)).items() if scope}
    assert asked
    for method, path in asked:
        answer = client.request(method, re.sub(r"\{\w+\}", "abc", path), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), path

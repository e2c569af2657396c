"""The one way in which both planes read a key from a request."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from recolake.web.bearer import BearerSecret
from recolake.web.problems import install


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    install(app)

    @app.get("/")
    async def echo(secret: BearerSecret) -> str:
        return secret

    return TestClient(app)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "rk_live_x"])
def test_a_request_without_a_bearer_key_is_unauthenticated(client: TestClient, header: str | None) -> None:
    answer = client.get("/", headers={} if header is None else {"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(client: TestClient, scheme: str) -> None:
    assert client.get("/", headers={"Authorization": f"{scheme} abc"}).json() == "abc"


def test_the_description_says_that_a_key_is_asked_for(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/"]["get"]
    assert operation["security"] == [{"HTTPBearer": []}]

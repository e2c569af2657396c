"""Every error over HTTP is a problem document with a code and a request id, and gives nothing away."""

from __future__ import annotations

import errno

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict

from recolake.errors import ForbiddenError, ServiceUnavailableError, UnauthenticatedError
from recolake.web.problems import MEDIA_TYPE, install


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    k: int


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    install(app)
    raised = {
        "ours": ForbiddenError("No.", hint="Ask.", field="k"),
        "away": ServiceUnavailableError("Away."),
        "who": UnauthenticatedError("Who?"),
        "full": OSError(errno.ENOSPC, "/var/lib/secret"),
        "crash": RuntimeError("SELECT password FROM users"),
    }

    @app.get("/raise/{name}")
    def raise_it(name: str) -> None:
        raise raised[name]

    @app.post("/body")
    def body(body: Body) -> Body:
        return body

    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.control(17)
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/raise/ours", 403, "forbidden"),
        ("/raise/away", 503, "service_unavailable"),
        ("/raise/who", 401, "unauthenticated"),
        ("/raise/full", 507, "storage_full"),
        ("/raise/crash", 500, "internal_error"),
        ("/nowhere", 404, "not_found"),
        ("/body", 405, "method_not_allowed"),
    ],
)
def test_every_error_is_a_problem_document(client: TestClient, path: str, status: int, code: str) -> None:
    answer = client.get(path)
    document = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert document["request_id"]
    assert "secret" not in answer.text
    assert "SELECT" not in answer.text


def test_a_service_that_is_away_says_when_to_come_back(client: TestClient) -> None:
    assert int(client.get("/raise/away").headers["retry-after"]) > 0
    assert client.get("/raise/who").headers["www-authenticate"] == "Bearer"


def test_an_unknown_field_is_refused_by_name(client: TestClient) -> None:
    answer = client.post("/body", json={"k": 1, "kk": 2})
    assert answer.status_code == 422
    assert answer.json()["field"] == "kk"


def test_broken_json_is_told_from_wrong_content(client: TestClient) -> None:
    answer = client.post("/body", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_json")


@pytest.mark.parametrize("body", [b'"\xff"', b"[" * 100_000])
def test_a_body_that_cannot_be_read_is_told_as_what_it_is(client: TestClient, body: bytes) -> None:
    answer = client.post("/body", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_body")


def test_a_callers_request_id_is_kept_unless_it_could_forge_a_log_line(client: TestClient) -> None:
    kept = client.get("/nowhere", headers={"X-Request-ID": "abc-1"})
    assert kept.json()["request_id"] == kept.headers["x-request-id"] == "abc-1"
    forged = client.get("/nowhere", headers={"X-Request-ID": "abc\x1b[31m"})
    assert forged.json()["request_id"] != "abc\x1b[31m"

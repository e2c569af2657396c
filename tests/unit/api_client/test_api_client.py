"""A refusal of the API reaches the caller in the API's own words; whatever else answers is told apart."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from recolake.api_client import RecommendationClient
from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.settings import Settings


class Server(ThreadingHTTPServer):
    """Gives every request the same answer, and keeps what it was asked."""

    status, body = 200, b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str | None, Any]] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers["Authorization"], sent))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecommendationClient]:
    """A client on a machine whose proxy does not answer: it must not ask it for anything on loopback."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with RecommendationClient(
        Settings(api_url=f"http://127.0.0.1:{server.server_port}"), "the-key"
    ) as client:
        yield client


def test_a_person_is_asked_for_with_the_key_and_past_any_proxy(
    server: Server, client: RecommendationClient
) -> None:
    server.body = b'{"items": [], "model_version": "v1"}'
    assert client.recommend("17850", k=3, include_seen=True) == {"items": [], "model_version": "v1"}
    sent = {"user_id": "17850", "k": 3, "include_seen": True}
    assert server.asked == [("/v1/recommendations", "Bearer the-key", sent)]


def test_a_refusal_keeps_its_code_words_and_hint(server: Server, client: RecommendationClient) -> None:
    problem = {"detail": "No such key.", "code": "unauthenticated", "hint": "Make one.", "request_id": "r1"}
    server.status, server.body = 401, json.dumps(problem).encode()
    with pytest.raises(RecolakeError, match="No such key") as refused:
        client.recommend(None)
    assert (refused.value.code, refused.value.hint, refused.value.status) == (
        "unauthenticated",
        "Make one.",
        401,
    )


def test_a_refusal_without_a_hint_names_the_request(server: Server, client: RecommendationClient) -> None:
    problem = {"detail": "Something went wrong here.", "code": "internal_error", "request_id": "r1"}
    server.status, server.body = 500, json.dumps(problem).encode()
    with pytest.raises(RecolakeError) as refused:
        client.recommend(None)
    assert "r1" in refused.value.hint


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>It works!</html>"), (502, b""), (500, b"[]"), (404, b"not json")]
)
def test_an_answer_that_is_not_the_apis_is_a_clear_error(
    server: Server, client: RecommendationClient, status: int, body: bytes
) -> None:
    server.status, server.body = status, body
    with pytest.raises(RecolakeError, match=str(status)) as refused:
        client.recommend("17850")
    assert refused.value.hint


def test_where_nobody_listens_the_service_is_named_as_away() -> None:
    with (
        RecommendationClient(Settings(api_url="http://127.0.0.1:9"), "key") as client,
        pytest.raises(ServiceUnavailableError, match="does not answer"),
    ):
        client.recommend("17850")

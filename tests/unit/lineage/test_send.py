"""A backend gets every event once; one that is away, or turns events down, gets them later."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from recolake.errors import InvalidInputError
from recolake.lineage.emit import lineage_run
from recolake.lineage.send import BackendError, send_events
from recolake.lineage.store import read_events
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")


class Backend(ThreadingHTTPServer):
    """Takes events as Marquez does, at /api/v1/lineage."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[dict[str, Any]] = []
        self.answer = HTTPStatus.CREATED


class _Handler(BaseHTTPRequestHandler):
    server: Backend

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.answer is HTTPStatus.CREATED and self.path == "/api/v1/lineage":
            self.server.taken.append(event)
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    server = Backend()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.shutdown()
    server.server_close()


def test_every_event_arrives_once_as_it_was_written(own: Settings, backend: Backend) -> None:
    with lineage_run(own, SHOP, "train"):
        pass
    assert send_events(own, SHOP) == 2
    assert backend.taken == list(read_events(own, SHOP))
    assert send_events(own, SHOP) == 0
    with lineage_run(own, SHOP, "publish"):
        pass
    assert send_events(own, SHOP) == 2
    assert backend.taken == list(read_events(own, SHOP))
    assert send_events(own, SHOP, again=True) == 4


def test_a_backend_that_turns_events_down_gets_them_later(own: Settings, backend: Backend) -> None:
    with lineage_run(own, SHOP, "train"):
        pass
    backend.answer = HTTPStatus.BAD_REQUEST
    with pytest.raises(BackendError):
        send_events(own, SHOP)
    backend.answer = HTTPStatus.CREATED
    assert send_events(own, SHOP) == 2
    assert backend.taken == list(read_events(own, SHOP))


def test_without_a_backend_the_person_is_told_what_to_set(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENLINEAGE_URL", raising=False)
    monkeypatch.chdir(own.home)
    with pytest.raises(InvalidInputError) as refused:
        send_events(own, SHOP)
    assert "OPENLINEAGE_URL" in refused.value.hint

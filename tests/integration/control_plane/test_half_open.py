"""A PostgreSQL that is connected and says nothing, or hangs up: account calls end, and recover."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url

from control_plane.app import create_app
from control_plane.tenants.service import create_tenant
from recolake.endpoints import resolve
from recolake.settings import Settings


class Proxy:
    """Between a client and a server, byte by byte; while it is silent nothing passes and nobody is told."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.talking = threading.Event()
        self.talking.set()
        self.accepted = 0
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.accepted += 1
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._copy, args=ends, daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self.talking.wait()
                target.sendall(data)
        self._end(source, target)

    def hang_up(self) -> None:
        self._end(*self._sockets)

    def _end(self, *ends: socket.socket) -> None:
        for each in ends:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.talking.set()
        self.hang_up()


@pytest.fixture
def proxy(postgres: Settings) -> Iterator[Proxy]:
    url = make_url(resolve(postgres, "postgres"))
    made = Proxy(url.host or "", url.port or 5432)
    yield made
    made.close()


@pytest.mark.fault(15)
def test_a_silent_postgresql_costs_a_deadline_and_one_that_hangs_up_nothing(
    postgres: Settings, proxy: Proxy
) -> None:
    url = make_url(resolve(postgres, "postgres")).set(port=proxy.port)
    through = {"postgres_url": url.render_as_string(hide_password=False), "postgres_deadline_seconds": 0.5}
    settings = postgres.model_copy(update=through)
    headers = {"Authorization": f"Bearer {create_tenant(settings, f't{uuid4().hex[:12]}')}"}
    # Never entered: what the application does by itself would connect, too.
    client = TestClient(create_app(settings), raise_server_exceptions=False)
    assert client.get("/v1/keys", headers=headers).status_code == 200
    proxy.hang_up()
    assert client.get("/v1/keys", headers=headers).status_code == 200
    proxy.talking.clear()
    before = proxy.accepted
    for _ in range(2):
        answer = client.get("/v1/keys", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert proxy.accepted - before <= 4, "a request makes two attempts at the most"
    proxy.talking.set()
    assert client.get("/v1/keys", headers=headers).status_code == 200

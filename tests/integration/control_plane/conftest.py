"""A control plane with nothing but this machine's files: every other service may be down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from control_plane.app import create_app
from recolake.files import write_atomically
from recolake.platform import control
from recolake.settings import Settings
from recolake.tenancy.api_keys import generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key

SHOP, RIVAL = Tenant("shop"), Tenant("rival")


@dataclass
class Plane:
    """Its client, asking under a path, and a key of either tenant."""

    client: TestClient
    settings: Settings
    keys: dict[Tenant, str]
    prefix: str

    def ask(self, method: str, path: str = "", tenant: Tenant = SHOP, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.keys[tenant]}"}
        return self.client.request(method, f"{self.prefix}{path}", headers=headers, **more)


@pytest.fixture(scope="session")
def accounts(_supervised: Settings) -> Settings:
    """PostgreSQL, a real one, and nothing else."""
    control.up(_supervised, ["postgres"])
    return _supervised


@pytest.fixture
def plane_at(tmp_path: Path) -> Iterator[Callable[[str], Plane]]:
    """The plane, for what lies under a path."""
    settings = Settings(home=tmp_path, postgres_url="postgresql://postgres@127.0.0.1:1")
    made = {tenant: generate_key(tenant) for tenant in (SHOP, RIVAL)}
    records = {hash_key(secret): record for secret, record in made.values()}
    write_atomically(keys_snapshot(settings), render_snapshot(records))
    for tenant in made:
        ensure_tenant_key(settings, tenant)
    secrets = {tenant: secret for tenant, (secret, _) in made.items()}
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield lambda prefix: Plane(client, settings, secrets, prefix)


@dataclass
class Receiver:
    """A tenant's own program: keeps what it gets, and answers as it is told."""

    url: str
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    usual: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    held: threading.Event | None = None

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.got.append((self.path, headers, body))
            if found.held is not None:
                found.held.wait()
            with suppress(OSError):
                self.wfile.write(found.answers.pop(0) if found.answers else found.usual)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield found
    if found.held is not None:
        found.held.set()
    server.shutdown()
    thread.join()
    server.server_close()

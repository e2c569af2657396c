"""A control plane with nothing but this machine's files: every other service may be down."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete

from control_plane.app import create_app
from control_plane.database import open_database
from control_plane.models import LoginAttemptsRow
from control_plane.oauth.pkce import challenge_of
from recolake.files import write_atomically
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


REDIRECT = "http://127.0.0.1:8123/callback"
PASSWORD = "correct horse battery staple"


@dataclass
class Accounts:
    """The accounts over HTTP, as somebody with a browser and a command line uses them."""

    client: TestClient
    settings: Settings

    def new_name(self) -> str:
        return f"t{secrets.token_hex(6)}"

    def sign_up(self, name: str | None = None, **changes: Any) -> dict[str, str]:
        """A new person with an organisation: their address, person id, tenant."""
        name = name or self.new_name()
        body = {"email": f"{name}@example.org", "password": PASSWORD, "name": "Ann", "organisation": name}
        answer = self.client.post("/v1/people", json=body | changes)
        assert answer.status_code == 201, answer.text
        return answer.json() | {"email": (body | changes)["email"]}

    def wish(self, verifier: str, **changes: str) -> dict[str, str]:
        """What a client sends to the login page."""
        return {
            "client_id": "recolake-cli",
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "state": "some-state",
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        } | changes

    def submit(self, form: dict[str, str]) -> Any:
        return self.client.post("/oauth/authorize", data=form, follow_redirects=False)

    def code(self, email: str, verifier: str, password: str = PASSWORD, **changes: str) -> str:
        answer = self.submit(self.wish(verifier, **changes) | {"email": email, "password": password})
        assert answer.status_code == 303, answer.text
        return self.told(answer)["code"]

    def told(self, answer: Any) -> dict[str, str]:
        """What a redirect tells the client."""
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        return {name: values[0] for name, values in query.items()}

    def exchange(self, **form: str) -> Any:
        return self.client.post("/oauth/token", data={"client_id": "recolake-cli"} | form)

    def exchange_code(self, code: str, verifier: str, **changes: str) -> Any:
        form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
        return self.exchange(**form | {"code": code, "code_verifier": verifier} | changes)

    def refresh(self, secret: str, **changes: str) -> Any:
        return self.exchange(**{"grant_type": "refresh_token", "refresh_token": secret} | changes)

    def log_in(self, email: str, organisation: str = "", password: str = PASSWORD) -> dict[str, str]:
        """Tokens of a new session."""
        verifier = secrets.token_urlsafe(48)
        code = self.code(email, verifier, password, organisation=organisation)
        answer = self.exchange_code(code, verifier)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ask(self, method: str, path: str, token: str, **more: Any) -> Any:
        return self.client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more)

    def owner(self) -> tuple[dict[str, str], str]:
        """A new person, and an access token of theirs."""
        person = self.sign_up()
        return person, self.log_in(person["email"])["access_token"]

    def join(self, owner: str, role: str) -> tuple[dict[str, str], dict[str, str]]:
        """Somebody new, asked in by an owner's token: the person, and tokens of theirs."""
        email = f"{self.new_name()}@example.org"
        asked = self.ask("POST", "/v1/invitations", owner, json={"email": email, "role": role})
        assert asked.status_code == 201, asked.text
        body = {"token": asked.json()["token"], "password": PASSWORD, "name": "Bob"}
        joined = self.client.post("/v1/invitations/accept", json=body)
        assert joined.status_code == 200, joined.text
        return joined.json() | {"email": email}, self.log_in(email)

    def hidden(self, page: str) -> dict[str, str]:
        """The hidden fields of a page's form."""
        found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
        return {name: unescape(value) for name, value in found}


@pytest.fixture(scope="module")
def _client_of_accounts(postgres: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(postgres), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def accounts(_client_of_accounts: TestClient, postgres: Settings) -> Accounts:
    """The accounts, with a PostgreSQL behind them. All tests come from one address, so its attempts go."""
    with open_database(postgres).platform() as session:
        session.execute(delete(LoginAttemptsRow))
    return Accounts(_client_of_accounts, postgres)


@pytest.fixture
def accounts_at(accounts: Accounts) -> Callable[[TestClient, Settings], Accounts]:
    """The same by another application, which has settings of its own."""
    return Accounts


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

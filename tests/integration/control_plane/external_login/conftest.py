"""A real provider on loopback, and a browser that logs in there."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from control_plane.app import create_app
from control_plane.external_login.provider import CLIENT_SECRET, open_provider
from control_plane.external_login.service import redirect_uri
from recolake.secrets.provider import secrets_of
from recolake.settings import Settings

CHALLENGED = "v" * 64


class LoginProvider:
    """An OpenID Connect provider of its own process's threads, and a layer that can spoil its answers.

    Attributes:
        spoil: by path, what becomes of the content of an answer, or of its status and content.
        held: by path, what an answer waits for.
        asked: paths and forms that came, in order.
        published: whether the layer's own key is among the provider's.
    """

    def __init__(self, app: Any) -> None:
        from joserfc.jwk import RSAKey

        self._app = app
        self.url = ""
        self.key = RSAKey.generate_key(2048, {"kid": "spare", "use": "sig"})
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.client_id = ""
        self.begin_anew()

    def begin_anew(self) -> None:
        self.spoil: dict[str, Callable[[int, bytes], tuple[int, bytes]]] = {}
        self.held: dict[str, threading.Event] = {}
        self.headers: list[tuple[str, str]] = []
        self.published = False
        self.asked.clear()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        from werkzeug.test import run_wsgi_app

        path = environ["PATH_INFO"]
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.asked.append((path, dict(parse_qsl(sent.decode()))))
        if path in self.held:
            self.held[path].wait()
        told, status, headers = run_wsgi_app(
            self._app, environ | {"wsgi.input": BytesIO(sent)}, buffered=True
        )
        content, number = b"".join(told), int(status.split()[0])
        if path == "/jwks" and self.published:
            keys = json.loads(content)["keys"]
            content = json.dumps({"keys": [*keys, self.key.as_dict(private=False)]}).encode()
        if path in self.spoil:
            number, content = self.spoil[path](number, content)
        kept = [(n, v) for n, v in headers.items() if n.lower() not in {"content-length", "connection"}]
        start_response(f"{number} Told", [*kept, *self.headers, ("Content-Length", str(len(content)))])
        return [content]

    def know(self, subject: str, **claims: Any) -> None:
        """Somebody, as the provider will speak of them."""
        httpx.put(f"{self.url}/users/{subject}", json=claims).raise_for_status()

    def say(self, header: dict[str, Any] | None = None, drop: str = "", **claims: Any) -> None:
        """Have ID tokens say something else, signed with a key that is the provider's just the same."""
        from joserfc import jwt

        def spoil(status: int, content: bytes) -> tuple[int, bytes]:
            answer = json.loads(content)
            payload = json.loads(_part(answer["id_token"], 1)) | claims
            payload.pop(drop, None)
            answer["id_token"] = jwt.encode(
                {"alg": "RS256", "kid": "spare"} | (header or {}), payload, self.key
            )
            return status, json.dumps(answer).encode()

        self.published = True
        self.spoil["/oauth2/token"] = spoil

    def count(self, path: str) -> int:
        return [asked for asked, _ in self.asked].count(path)


def _part(token: str, number: int) -> bytes:
    part = token.split(".")[number]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.fixture(scope="module")
def _provider(postgres: Settings) -> Iterator[LoginProvider]:
    import oidc_provider_mock
    from werkzeug.serving import make_server

    found = LoginProvider(oidc_provider_mock.app(require_client_registration=True, require_nonce=True))
    server = make_server("127.0.0.1", 0, found, threaded=True)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    body = {"redirect_uris": [redirect_uri(postgres)]}
    made = httpx.post(f"{found.url}/oauth2/clients", json=body).json()
    found.client_id = made["client_id"]
    secrets_of(postgres).put(CLIENT_SECRET, made["client_secret"].encode())
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def provider(_provider: LoginProvider) -> Iterator[LoginProvider]:
    """The provider, honest until it is told otherwise."""
    _provider.begin_anew()
    yield _provider
    for event in _provider.held.values():
        event.set()


@dataclass
class External:
    """Accounts where people may log in at the provider, too: a browser with its cookies."""

    accounts: Any
    provider: LoginProvider

    @property
    def client(self) -> TestClient:
        client: TestClient = self.accounts.client
        return client

    def begin(self, **changes: str) -> Any:
        """What the button leads to."""
        wish = self.accounts.wish(CHALLENGED, **changes)
        return self.client.get("/oauth/external", params=wish, follow_redirects=False)

    def at_provider(self, url: str, subject: str | None) -> str:
        """Log in there, or turn back; gives where the browser is sent."""
        form = {"sub": subject} if subject else {"action": "deny"}
        sent = httpx.post(url, data=form)
        assert sent.status_code == 302, sent.text
        location = str(sent.headers["location"])
        # This provider leaves the state out when one turns back; RFC 6749, section 4.1.2.1, has it sent.
        asked = dict(parse_qsl(urlsplit(url).query))
        return location if "state=" in location else f"{location}&state={asked['state']}"

    def back(self, location: str, **changes: str) -> Any:
        """The browser comes back."""
        parts = urlsplit(location)
        query = dict(parse_qsl(parts.query)) | changes
        told = {name: value for name, value in query.items() if value}
        return self.client.get(parts.path, params=told, follow_redirects=False)

    def through(self, subject: str | None, **changes: str) -> Any:
        """All the way: what the browser gets in the end."""
        return self.back(self.at_provider(self.begin(**changes).headers["location"], subject))

    def answer(self, page: Any, **fields: str) -> Any:
        """Send the form of a page after the provider."""
        form = self.accounts.hidden(page.text) | fields
        return self.client.post("/oauth/external", data=form, follow_redirects=False)

    def tokens(self, answer: Any) -> dict[str, Any]:
        """Of the session that a redirect to the client leads to."""
        assert answer.status_code == 303, answer.text
        given = self.accounts.exchange_code(self.accounts.told(answer)["code"], CHALLENGED)
        assert given.status_code == 200, given.text
        return dict(given.json())

    def newcomer(self, **claims: Any) -> str:
        """Somebody whom the provider alone knows: gives what it calls them."""
        subject = self.accounts.new_name()
        known = {"email": f"{subject}@example.org", "email_verified": True, "name": "Ann"}
        self.provider.know(subject, **known | claims)
        return subject

    def settled(self, **claims: Any) -> tuple[str, dict[str, Any]]:
        """Somebody who came by the provider and began an organisation: their `sub`, and tokens."""
        subject = self.newcomer(**claims)
        page = self.through(subject)
        return subject, self.tokens(self.answer(page, name="Ann", new_organisation=self.accounts.new_name()))


@pytest.fixture(scope="module")
def _apps(postgres: Settings, _provider: LoginProvider) -> Iterator[Callable[..., TestClient]]:
    """An application for each set of settings, kept while the module lasts."""
    with ExitStack() as stack:

        @cache
        def start(**changes: Any) -> TestClient:
            named = {"oidc_issuer": _provider.url, "oidc_client_id": _provider.client_id, "oidc_name": "Acme"}
            settings = Settings.model_validate(dict(postgres) | named | changes)
            client = TestClient(create_app(settings), raise_server_exceptions=False)
            return stack.enter_context(client)

        yield start


@pytest.fixture
def external_with(
    provider: LoginProvider, _apps: Callable[..., TestClient], accounts_at: Callable[..., Any]
) -> Callable[..., External]:
    """The accounts with the provider, of whom nothing is known yet, and with further settings."""
    open_provider.cache_clear()

    def make(**changes: Any) -> External:
        client: Any = _apps(**changes)
        client.cookies.clear()
        return External(accounts_at(client, client.app.state.settings), provider)

    return make


@pytest.fixture
def external(external_with: Callable[..., External]) -> External:
    return external_with()

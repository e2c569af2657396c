"""Logging in from a command line (RFC 8252): the browser shows the page, and brings the code back to a port
of this machine that listens for this one answer."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from filelock import FileLock

from control_plane.oauth.clients import CLI
from control_plane.oauth.pkce import challenge_of
from recolake.endpoints import resolve
from recolake.errors import RecolakeError, ServiceUnavailableError, UnauthenticatedError
from recolake.files import private_folder, write_atomically
from recolake.settings import Settings
from recolake.web.tls import client_context

_PATIENCE_SECONDS = 300.0
# Refreshed before it is over, so that it does not die on its way.
_MARGIN_SECONDS = 30.0


class LoginFailedError(RecolakeError):
    """The browser brought no code, or one that is worth nothing."""

    code = "login_failed"


def log_in(
    settings: Settings,
    organisation: str,
    show: Callable[[str], object],
    *,
    patience: float = _PATIENCE_SECONDS,
) -> dict[str, Any]:
    """Tokens of a new session, kept on this machine for the commands that follow.

    Args:
        show: is given the page's address, for a person to open.
        patience: seconds to wait for the person.

    Raises:
        LoginFailedError: nobody came in time, or the login was refused.
        ServiceUnavailableError: the control plane does not answer.
    """
    verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(16)
    with _Receiver() as receiver:
        redirect_uri = f"http://127.0.0.1:{receiver.server_port}/callback"
        wish = {
            "client_id": CLI,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            "organisation": organisation,
        }
        url = resolve(settings, "control").rstrip("/")
        show(f"{url}/oauth/authorize?{urlencode({k: v for k, v in wish.items() if v})}")
        told = receiver.wait(state, patience)
    if "code" not in told:
        raise LoginFailedError(f"The login was refused: {told.get('error_description', 'nobody logged in')}.")
    grant = {"grant_type": "authorization_code", "redirect_uri": redirect_uri}
    return _tokens(settings, grant | {"code": told["code"], "code_verifier": verifier})


def access_token(settings: Settings) -> str:
    """The kept access token, refreshed if it is nearly over.

    One process refreshes at a time: two would end the session.

    Raises:
        UnauthenticatedError: nobody is logged in here, or no longer.
    """
    path = settings.secrets_root / "login.json"
    private_folder(path.parent)
    with FileLock(path.with_suffix(".lock")):
        kept = _kept(settings)
        if kept["expires_at"] - time.time() > _MARGIN_SECONDS:
            return str(kept["access_token"])
        grant = {"grant_type": "refresh_token", "refresh_token": kept["refresh_token"]}
        return str(_tokens(settings, grant)["access_token"])


def log_out(settings: Settings) -> None:
    """End the kept session, and forget its tokens.

    Raises:
        UnauthenticatedError: nobody is logged in here.
    """
    kept = _kept(settings)
    _post(settings, "/oauth/revoke", {"token": kept["refresh_token"], "client_id": CLI})
    (settings.secrets_root / "login.json").unlink(missing_ok=True)


def ask(settings: Settings, path: str) -> Any:
    """What the control plane answers to whoever is logged in here."""
    headers = {"Authorization": f"Bearer {access_token(settings)}"}
    answer = _send(settings, "GET", path, headers=headers)
    if answer.status_code != httpx.codes.OK:
        raise UnauthenticatedError(answer.json()["detail"], hint="`recolake login` logs you in again.")
    return answer.json()


class _Receiver(HTTPServer):
    """Waits for the browser; whatever else calls at the port is told nothing."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: dict[str, str] = {}
        self.state = ""

    def wait(self, state: str, patience: float) -> dict[str, str]:
        self.state, end = state, time.monotonic() + patience
        while not self.told and (left := end - time.monotonic()) > 0:
            self.timeout = left
            self.handle_request()
        return self.told


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver
    timeout = 5

    def do_GET(self) -> None:  # the name that the library calls
        asked = urlsplit(self.path)
        told = {name: values[0] for name, values in parse_qs(asked.query).items()}
        ours = asked.path == "/callback" and secrets.compare_digest(
            told.get("state", "").encode(), self.server.state.encode()
        )
        if ours:
            self.server.told = told
        self.send_response(200 if ours else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"Done. You may close this window." if ours else b"There is nothing here.")

    def log_message(self, *_: object) -> None:
        """The path holds the code, which belongs in no log."""


def _tokens(settings: Settings, grant: dict[str, str]) -> dict[str, Any]:
    answer = _post(settings, "/oauth/token", grant | {"client_id": CLI})
    if answer.status_code != httpx.codes.OK:
        raise UnauthenticatedError(answer.json()["detail"], hint="`recolake login` logs you in again.")
    tokens: dict[str, Any] = answer.json()
    tokens["expires_at"] = time.time() + tokens["expires_in"]
    path = settings.secrets_root / "login.json"
    private_folder(path.parent)
    write_atomically(path, json.dumps(tokens).encode(), mode=0o600)
    return tokens


def _kept(settings: Settings) -> dict[str, Any]:
    path = settings.secrets_root / "login.json"
    if not path.exists():
        raise UnauthenticatedError("Nobody is logged in here.", hint="`recolake login` logs you in.")
    kept: dict[str, Any] = json.loads(path.read_bytes())
    return kept


def _post(settings: Settings, path: str, form: dict[str, str]) -> httpx.Response:
    return _send(settings, "POST", path, data=form)


def _send(settings: Settings, method: str, path: str, **more: Any) -> httpx.Response:
    try:
        url = resolve(settings, "control").rstrip("/")
        trusted = client_context(settings, url) or True
        answer = httpx.request(method, url + path, timeout=30, verify=trusted, **more)
    except httpx.TransportError as error:
        raise _away() from error
    if answer.is_server_error:
        raise _away()
    return answer


def _away() -> ServiceUnavailableError:
    return ServiceUnavailableError("The control plane does not answer.", hint="Look at `recolake status`.")

"""`recolake login`: a browser brings the code back to this machine, and one process refreshes at a time."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import uvicorn

from control_plane.app import create_app
from control_plane.oauth import loopback
from recolake.errors import RecolakeError, UnauthenticatedError
from recolake.platform.ports import choose_port
from recolake.settings import Settings

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def served(postgres: Settings) -> Iterator[Settings]:
    """Settings by which the control plane is reached, which really listens."""
    port = choose_port(postgres, "control", 8001)
    settings = postgres.model_copy(update={"control_url": f"http://127.0.0.1:{port}"})
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    yield settings
    server.should_exit = True
    thread.join()


@pytest.fixture
def elsewhere(served: Settings, tmp_path: Path) -> Settings:
    """Another machine: it knows the control plane's address and nothing else."""
    return served.model_copy(update={"home": tmp_path})


def browse(url: str, email: str, password: str = PASSWORD) -> None:
    """What a person does with a browser."""
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(url).text
        fields = {n: unescape(v) for n, v in re.findall(r'name="(\w+)" value="([^"]*)"', page)}
        url = url.split("?")[0]
        browser.post(url, data=fields | {"email": email, "password": password})


def log_in(settings: Settings, email: str) -> dict[str, Any]:
    browsers = []

    def show(url: str) -> None:
        browsers.append(threading.Thread(target=browse, args=(url, email)))
        browsers[0].start()

    tokens = loopback.log_in(settings, "", show, patience=60)
    browsers[0].join()
    return tokens


def test_somebody_logs_in_is_known_and_logs_out(accounts: Any, elsewhere: Settings) -> None:
    person = accounts.sign_up()
    tokens = log_in(elsewhere, person["email"])
    assert tokens["tenant"] == person["tenant_id"]
    kept = elsewhere.secrets_root / "login.json"
    assert kept.stat().st_mode & 0o077 == 0
    assert loopback.ask(elsewhere, "/v1/me")["email"] == person["email"]
    loopback.log_out(elsewhere)
    assert not kept.exists()
    with pytest.raises(UnauthenticatedError):
        loopback.ask(elsewhere, "/v1/me")


def test_of_many_commands_at_once_one_refreshes_and_the_session_lives(
    accounts: Any, elsewhere: Settings
) -> None:
    log_in(elsewhere, accounts.sign_up()["email"])
    kept = elsewhere.secrets_root / "login.json"
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"expires_at": time.time()}))
    with ThreadPoolExecutor(4) as pool:
        tokens = set(pool.map(lambda _: loopback.access_token(elsewhere), range(4)))
    assert len(tokens) == 1
    assert loopback.ask(elsewhere, "/v1/me")


@pytest.mark.control(11)
def test_an_answer_with_another_state_is_no_answer(elsewhere: Settings) -> None:
    def show(url: str) -> None:
        wish = dict(parse_qsl(urlsplit(url).query))
        callers.append(threading.Thread(target=call, args=(wish,)))
        callers[0].start()

    def call(wish: dict[str, str]) -> None:
        address = wish["redirect_uri"]
        for state, told in (("other", {"code": "stolen"}), (wish["state"], {"error": "access_denied"})):
            answers.append(httpx.get(address, params=told | {"state": state}).status_code)

    answers: list[int] = []
    callers: list[threading.Thread] = []
    with pytest.raises(RecolakeError, match="refused"):
        loopback.log_in(elsewhere, "", show, patience=60)
    callers[0].join()
    assert answers == [404, 200]

"""A provider that is away, slow, or answers nonsense: a page says so in time, and nothing is half made."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from control_plane.external_login.errors import LoginProviderError
from control_plane.external_login.provider import CLIENT_SECRET, open_provider
from recolake.secrets.provider import secrets_of

DISCOVERY = "/.well-known/openid-configuration"


def failed(answer: Any, told: str) -> bool:
    """A page with what is wrong, from which one may try again."""
    return answer.status_code == 502 and told in answer.text and "Continue with Acme" in answer.text


def changed(**changes: Any) -> Callable[[int, bytes], tuple[int, bytes]]:
    return lambda status, content: (status, json.dumps(json.loads(content) | changes).encode())


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda *_: (200, b"<html>"), "no JSON object"),
        (lambda *_: (200, b"[1]"), "no JSON object"),
        (lambda *_: (200, b"[" * 100_000), "no JSON object"),
        (lambda *_: (200, b"x" * (1 << 20)), "answers with too much"),
        (lambda *_: (503, b"{}"), "does not describe itself"),
        (lambda *_: (302, b"{}"), "to another address"),
        (changed(issuer="https://evil.example"), "calls itself"),
        (changed(token_endpoint="http://198.51.100.7/token"), "neither https nor on this machine"),
        (changed(authorization_endpoint="javascript:alert(1)"), "neither https nor on this machine"),
        (changed(jwks_uri="file:///etc/passwd"), "neither https nor on this machine"),
        (changed(jwks_uri=None), "does not describe itself"),
    ],
    ids=["html", "list", "deep", "large", "503", "redirect", "issuer", "plain", "script", "file", "none"],
)
def test_a_description_that_cannot_be_used_sends_no_browser_anywhere(
    external: Any, provider: Any, spoil: Any, told: str
) -> None:
    provider.spoil[DISCOVERY] = spoil
    answer = external.begin()
    assert failed(answer, told), answer.text
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    del provider.spoil[DISCOVERY]
    assert external.begin().status_code == 303


@pytest.mark.parametrize(
    ("path", "spoil", "status", "told"),
    [
        ("/oauth2/token", lambda *_: (200, b"nonsense"), 502, "no JSON object"),
        ("/oauth2/token", lambda *_: (200, b"{}"), 502, "without an ID token"),
        ("/oauth2/token", lambda *_: (500, b"{}"), 502, "refuses the platform"),
        ("/oauth2/token", lambda *_: (307, b"{}"), 502, "to another address"),
        ("/oauth2/token", lambda *_: (400, b'{"error": "invalid_grant"}'), 401, "worth nothing"),
        ("/jwks", lambda *_: (200, b'{"keys": 1}'), 502, "does not publish its keys"),
        ("/jwks", lambda *_: (200, b'{"keys": []}'), 401, "cannot be believed"),
        ("/jwks", lambda *_: (200, b'{"keys": [{"kty": "RSA"}, 1]}'), 401, "cannot be believed"),
    ],
    ids=["nonsense", "empty", "500", "redirect", "grant", "no keys", "none", "bad key"],
)
def test_an_answer_that_cannot_be_used_lets_nobody_in_and_the_next_login_goes(
    external: Any, provider: Any, path: str, spoil: Any, status: int, told: str
) -> None:
    subject = external.newcomer()
    provider.spoil[path] = spoil
    answer = external.through(subject)
    assert (answer.status_code, told in answer.text) == (status, True), answer.text
    del provider.spoil[path]
    open_provider.cache_clear()
    assert external.through(subject).status_code == 200


@pytest.mark.parametrize("path", [DISCOVERY, "/oauth2/token", "/jwks"])
def test_a_provider_that_hangs_is_given_up_in_time(
    external_with: Callable[..., Any], provider: Any, path: str
) -> None:
    external = external_with(oidc_deadline_seconds=0.5)
    subject = external.newcomer()
    provider.held[path] = threading.Event()
    begun = time.monotonic()
    answer = external.begin() if path == DISCOVERY else external.through(subject)
    assert failed(answer, "did not answer in time"), answer.text
    assert time.monotonic() - begun < 30


def test_a_provider_that_hangs_does_not_take_the_threads_that_answer_others(
    external: Any, provider: Any, eventually: Any
) -> None:
    provider.held[DISCOVERY] = threading.Event()
    with ThreadPoolExecutor(10) as pool:
        waiting = [pool.submit(external.begin) for _ in range(10)]
        eventually(lambda: provider.count(DISCOVERY) == 10)
        assert failed(external.begin(), "has too many questions open")
        assert external.accounts.owner()
        provider.held[DISCOVERY].set()
        assert {each.result().status_code for each in waiting} == {303}


def test_a_provider_that_is_away_leaves_passwords_as_they_are(external_with: Callable[..., Any]) -> None:
    external = external_with(oidc_issuer="http://127.0.0.1:1")
    page = external.client.get("/oauth/authorize", params=external.accounts.wish("v" * 64))
    assert (page.status_code, "Continue with Acme" in page.text) == (200, True)
    assert failed(external.begin(), "cannot be reached")
    assert external.accounts.owner()


def test_who_turns_back_at_the_provider_finds_the_login_page_again(external: Any, provider: Any) -> None:
    answer = external.through(None)
    assert (answer.status_code, "did not let you in, or you turned back" in answer.text) == (401, True)
    assert external.accounts.hidden(answer.text) == external.accounts.wish("v" * 64)
    location = external.at_provider(external.begin().headers["location"], external.newcomer())
    odd = external.back(location, code="", error="<b>server</b>")
    assert (odd.status_code, "<b>" in odd.text) == (401, False)
    assert provider.count("/oauth2/token") == 0


def test_a_provider_that_says_who_answers_is_held_to_it(external: Any, provider: Any) -> None:
    """RFC 9207: an answer of another provider is mixed up with this one's."""
    provider.spoil[DISCOVERY] = changed(authorization_response_iss_parameter_supported=True)
    for issuer, status in (("", 401), ("https://evil.example", 401), (provider.url, 200)):
        location = external.at_provider(external.begin().headers["location"], external.newcomer())
        assert external.back(location, iss=issuer).status_code == status


def test_a_code_is_good_once_at_the_provider_too(external: Any) -> None:
    subject, _ = external.settled()
    used = external.at_provider(external.begin().headers["location"], subject)
    assert external.tokens(external.back(used))
    code = used.partition("code=")[2].partition("&")[0]
    later = external.at_provider(external.begin().headers["location"], subject)
    answer = external.back(later, code=code)
    assert (answer.status_code, "worth nothing" in answer.text) == (401, True)


@pytest.fixture
def secret(external: Any) -> Iterator[Path]:
    """The file of the client secret, which is put back."""
    path: Path = external.accounts.settings.secrets_root / CLIENT_SECRET
    kept = path.read_bytes()
    yield path
    secrets_of(external.accounts.settings).put(CLIENT_SECRET, kept)


def test_a_wrong_or_missing_client_secret_is_told_and_a_new_one_counts_at_once(
    external: Any, secret: Path
) -> None:
    kept, subject = secret.read_bytes(), external.newcomer()
    secret.write_bytes(b"wrong")
    assert failed(external.through(subject), "refuses the platform&#x27;s question (invalid_client)")
    secret.unlink()
    assert failed(external.through(subject), "no client secret for Acme")
    with pytest.raises(LoginProviderError, match="no client secret"):
        open_provider(external.accounts.settings).check(open_provider(external.accounts.settings).deadline())
    secrets_of(external.accounts.settings).put(CLIENT_SECRET, kept)
    assert external.through(subject).status_code == 200


def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(external: Any, provider: Any) -> None:
    provider.spoil[DISCOVERY] = changed(token_endpoint_auth_methods_supported=["client_secret_post"])
    external.through(external.newcomer())
    (form,) = [form for path, form in provider.asked if path == "/oauth2/token"]
    assert form["client_secret"]
    open_provider.cache_clear()
    provider.spoil[DISCOVERY] = changed(token_endpoint_auth_methods_supported=["private_key_jwt"])
    assert failed(external.through(external.newcomer()), "takes no client secret")

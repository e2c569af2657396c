"""Control 11 and passwords, where no database is needed: PKCE, redirects, hashes, waits, the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.attempts.limits import Attempts
from control_plane.oauth.clients import Client, find_client
from control_plane.oauth.page import Ways, login_page
from control_plane.oauth.pkce import challenge_of, proves
from control_plane.oauth.schemas import AuthorizationRequest
from control_plane.people.passwords import check_password, hash_password, matches
from recolake.errors import InvalidInputError
from recolake.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


@pytest.mark.control(11)
def test_pkce_is_that_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@given(st.text(_UNRESERVED, min_size=43, max_size=128), st.text(_UNRESERVED, min_size=43, max_size=128))
def test_only_the_verifier_itself_proves_a_challenge(one: str, other: str) -> None:
    assert proves(one, challenge_of(one))
    assert proves(one, challenge_of(other)) is (one == other)


@pytest.mark.parametrize("verifier", ["", "short", "a" * 42, "a" * 129, "ä" * 50, "a b" * 20])
def test_a_malformed_verifier_proves_nothing(verifier: str) -> None:
    assert not proves(verifier, challenge_of(verifier))


@pytest.mark.parametrize("port", [1, 80, 8123, 65535])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_the_command_line_is_answered_on_this_machine_at_any_port(
    tmp_path: Path, host: str, port: int
) -> None:
    client = find_client(Settings(home=tmp_path), "recolake-cli")
    assert client is not None
    assert client.may_redirect(f"http://{host}:{port}/callback")


@pytest.mark.control(11)
@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/callback/",
        "http://127.0.0.1:80/callback/",
        "http://127.0.0.1:80/callback?x=1",
        "http://127.0.0.1:80/callback#x",
        "http://127.0.0.1:80/other",
        "https://127.0.0.1:80/callback",
        "http://localhost:80/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://evil.example@127.0.0.1:80/callback",
        "http://127.0.0.1.evil.example:80/callback",
        "http://evil.example:80/callback",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:80//callback",
        "HTTP://127.0.0.1:80/callback",
        "http://[::1/callback",
        "javascript:alert(1)",
        "",
    ],
)
def test_any_other_redirect_of_the_command_line_is_refused(tmp_path: Path, uri: str) -> None:
    client = find_client(Settings(home=tmp_path), "recolake-cli")
    assert client is not None
    assert not client.may_redirect(uri)


@pytest.mark.control(11)
@given(st.text(max_size=60))
def test_a_redirect_matches_letter_by_letter(uri: str) -> None:
    client = Client("x", "x", ("https://shop.example/done",))
    assert client.may_redirect(uri) is (uri == "https://shop.example/done")


def test_nobody_else_is_a_client(tmp_path: Path) -> None:
    assert find_client(Settings(home=tmp_path), "other") is None


def test_a_password_is_stored_as_argon2id_and_recognised() -> None:
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stored != hash_password("correct horse battery")
    assert matches("correct horse battery", stored)
    assert not matches("correct horse batterY", stored)
    assert not matches("of nobody", None)
    assert not matches("x", "no hash at all")


@pytest.mark.parametrize(
    "password", ["", "elevenchars", "a" * 12, "abababababab", "x" * 257, "ann@shop.example", "shop-shop-shop"]
)
def test_a_password_that_is_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_password(password, personal=("ann@shop.example", "ann", "shop"))
    assert refusal.value.field == "password"
    assert password not in refusal.value.message or not password


@pytest.mark.parametrize("password", ["correct horse battery", "Zwölf Boxkämpfer", "a6Fh!02_kk,Qz"])
def test_a_long_password_of_any_kind_is_taken(password: str) -> None:
    check_password(password, personal=("ann@shop.example", "ann", "shop"))


def test_some_attempts_are_free_and_then_each_doubles_the_wait() -> None:
    attempts, waits = Attempts(), []
    now = NOW
    for _ in range(12):
        attempts = attempts.with_one_more(now, free=5)
        wait = attempts.wait(now)
        waits.append(int(wait.total_seconds()) if wait else 0)
        now += wait or timedelta(0)
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


@given(st.integers(1, 40), st.integers(1, 60))
def test_during_a_wait_none_is_looked_at_and_at_its_end_one_is(count: int, free: int) -> None:
    attempts = Attempts()
    for _ in range(count):
        attempts = attempts.with_one_more(NOW, free)
    if wait := attempts.wait(NOW):
        assert attempts.wait(NOW + wait - timedelta(microseconds=1))
        assert attempts.wait(NOW + wait) is None
    assert bool(wait) is (count >= free)


def test_after_an_hour_of_peace_the_count_begins_anew() -> None:
    attempts = Attempts(count=30, last_at=NOW)
    assert attempts.with_one_more(NOW + timedelta(hours=1, seconds=1), free=5).count == 1


def test_the_page_shows_what_was_sent_as_text_and_takes_nothing_from_elsewhere() -> None:
    nasty = '"><script>alert(1)</script>'
    asked = AuthorizationRequest(
        client_id="recolake-cli",
        redirect_uri="http://127.0.0.1:81/callback",
        state=nasty,
        code_challenge=nasty,
        organisation=nasty,
    )
    page = login_page(Client("x", nasty, ()), asked, Ways(provider=nasty), problem=nasty, email=nasty)
    html = bytes(page.body).decode()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 5
    client = "http://127.0.0.1:81/callback"
    assert "http" not in html.replace(client, "").replace(quote_plus(client), "")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "form-action 'self' http://127.0.0.1:81" in policy
    assert page.headers["cache-control"] == "no-store"

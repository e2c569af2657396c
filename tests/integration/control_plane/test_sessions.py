"""Controls 9 and 10: refresh tokens rotate, reuse ends everything, and what is over is over at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control_plane.sessions import service
from control_plane.tokens.keys import rotate
from recolake.errors import UnauthenticatedError

PASSWORD = "correct horse battery staple"


def alive(accounts: Any, token: str) -> bool:
    status = accounts.ask("GET", "/v1/me", token).status_code
    assert status in {200, 401}
    return bool(status == 200)


@pytest.mark.control(9)
def test_each_refresh_gives_a_new_pair_and_the_session_goes_on(accounts: Any) -> None:
    tokens = accounts.log_in(accounts.sign_up()["email"])
    for _ in range(3):
        answer = accounts.refresh(tokens["refresh_token"])
        assert answer.status_code == 200
        assert answer.json()["refresh_token"] != tokens["refresh_token"]
        assert alive(accounts, tokens["access_token"])
        tokens = answer.json()
    assert alive(accounts, tokens["access_token"])


@pytest.mark.control(9)
def test_a_refresh_token_shown_again_ends_the_session_with_all_its_tokens(accounts: Any) -> None:
    person = accounts.sign_up()
    first, other = accounts.log_in(person["email"]), accounts.log_in(person["email"])
    second = accounts.refresh(first["refresh_token"]).json()
    assert accounts.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert not alive(accounts, first["access_token"])
    assert not alive(accounts, second["access_token"])
    assert accounts.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert alive(accounts, other["access_token"])


@pytest.mark.control(9)
def test_of_two_who_refresh_at_once_one_gets_tokens_and_the_session_is_over(accounts: Any) -> None:
    tokens = accounts.log_in(accounts.sign_up()["email"])
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: accounts.refresh(tokens["refresh_token"]), range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    (winner,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert not alive(accounts, winner["access_token"])
    assert accounts.refresh(winner["refresh_token"]).status_code == 400


def test_a_refresh_token_that_another_client_shows_ends_the_session(accounts: Any) -> None:
    tokens = accounts.log_in(accounts.sign_up()["email"])
    assert accounts.refresh(tokens["refresh_token"], client_id="recolake-dashboard").status_code == 400
    assert not alive(accounts, tokens["access_token"])


@pytest.mark.parametrize("secret", ["", "rt_nonsense", "x" * 101])
def test_another_text_is_no_refresh_token(accounts: Any, secret: str) -> None:
    assert accounts.refresh(secret).status_code in {400, 422}


@pytest.mark.control(8)
def test_a_refresh_token_is_good_for_seven_days_to_the_second(accounts: Any) -> None:
    settings, week = accounts.settings, timedelta(days=7)
    for early, good in ((timedelta(seconds=1), True), (timedelta(0), False)):
        tokens = accounts.log_in(accounts.sign_up()["email"])
        made = service.refresh(
            settings, tokens["refresh_token"], "recolake-cli", now=(now := datetime.now(UTC))
        )
        assert made is not None
        later = service.refresh(settings, made.refresh_token, "recolake-cli", now=now + week - early)
        assert (later is not None) is good


def test_a_session_is_over_after_thirty_days_however_often_it_was_refreshed(accounts: Any) -> None:
    tokens = accounts.log_in(accounts.sign_up()["email"])
    secret, now = tokens["refresh_token"], datetime.now(UTC)
    for day in (6, 12, 18, 24, 29):
        made = service.refresh(accounts.settings, secret, "recolake-cli", now=now + timedelta(days=day))
        assert made is not None
        secret = made.refresh_token
    assert (
        service.refresh(accounts.settings, secret, "recolake-cli", now=now + timedelta(days=30, minutes=1))
        is None
    )


@pytest.mark.control(8)
def test_an_access_token_is_over_after_a_quarter_of_an_hour(accounts: Any) -> None:
    tokens, now = accounts.log_in(accounts.sign_up()["email"]), datetime.now(UTC)
    token, quarter = tokens["access_token"], timedelta(minutes=15)
    assert service.authenticate(accounts.settings, token, now=now + quarter - timedelta(minutes=1))
    with pytest.raises(UnauthenticatedError):
        service.authenticate(accounts.settings, token, now=now + quarter + timedelta(seconds=1))


@pytest.mark.control(10)
def test_logout_kills_unexpired_access_tokens(accounts: Any) -> None:
    person = accounts.sign_up()
    tokens, other = accounts.log_in(person["email"]), accounts.log_in(person["email"])
    listed = accounts.ask("GET", "/v1/sessions", tokens["access_token"]).json()
    assert [session["current"] for session in listed] == [False, True]
    assert accounts.ask("DELETE", "/v1/sessions/current", tokens["access_token"]).status_code == 204
    assert not alive(accounts, tokens["access_token"])
    assert accounts.refresh(tokens["refresh_token"]).status_code == 400
    assert alive(accounts, other["access_token"])


def test_revoking_a_refresh_token_is_a_logout(accounts: Any) -> None:
    tokens = accounts.log_in(accounts.sign_up()["email"])
    for secret in ("rt_unknown", tokens["refresh_token"], tokens["refresh_token"]):
        answer = accounts.client.post("/oauth/revoke", data={"token": secret})
        assert answer.status_code == 200
    assert not alive(accounts, tokens["access_token"])


def test_nobody_ends_another_s_session(accounts: Any) -> None:
    _, token = accounts.owner()
    _, bob = accounts.join(token, "admin")
    (session,) = accounts.ask("GET", "/v1/sessions", bob["access_token"]).json()
    answer = accounts.ask("DELETE", f"/v1/sessions/{session['session_id']}", token)
    assert answer.status_code == 404
    assert alive(accounts, bob["access_token"])


@pytest.mark.control(10)
def test_a_disabled_member_s_unexpired_tokens_are_dead_and_come_not_back(accounts: Any) -> None:
    _, owner = accounts.owner()
    bob, tokens = accounts.join(owner, "developer")
    path = f"/v1/members/{bob['person_id']}"
    assert accounts.ask("PATCH", path, owner, json={"disabled": True}).json()["disabled_at"]
    assert not alive(accounts, tokens["access_token"])
    assert accounts.refresh(tokens["refresh_token"]).status_code == 400
    wish = accounts.wish("v" * 64) | {"email": bob["email"], "password": PASSWORD}
    assert accounts.submit(wish).status_code == 403
    assert accounts.ask("PATCH", path, owner, json={"disabled": False}).json()["disabled_at"] is None
    assert not alive(accounts, tokens["access_token"])
    assert alive(accounts, accounts.log_in(bob["email"])["access_token"])


def test_another_role_holds_at_once_also_for_tokens_of_before(accounts: Any) -> None:
    _, owner = accounts.owner()
    bob, tokens = accounts.join(owner, "developer")
    assert accounts.ask("GET", "/v1/keys", tokens["access_token"]).status_code == 200
    accounts.ask("PATCH", f"/v1/members/{bob['person_id']}", owner, json={"role": "billing"})
    assert accounts.ask("GET", "/v1/keys", tokens["access_token"]).status_code == 403


def test_another_password_ends_all_other_sessions(accounts: Any) -> None:
    person = accounts.sign_up()
    mine, other = accounts.log_in(person["email"]), accounts.log_in(person["email"])
    new = "another long enough password"

    def change(current: str) -> int:
        body = {"current": current, "new": new}
        status = accounts.ask("POST", "/v1/me/password", mine["access_token"], json=body).status_code
        return int(status)

    assert change("wrong password") == 401
    assert alive(accounts, other["access_token"])
    assert change(PASSWORD) == 204
    assert (alive(accounts, mine["access_token"]), alive(accounts, other["access_token"])) == (True, False)
    accounts.log_in(person["email"], password=new)


def test_a_rotated_signing_key_keeps_everybody_logged_in(accounts: Any) -> None:
    _, token = accounts.owner()
    rotate(accounts.settings)
    assert alive(accounts, token)
    assert len(accounts.client.get("/.well-known/jwks.json").json()["keys"]) == 2
    assert alive(accounts, accounts.owner()[1])

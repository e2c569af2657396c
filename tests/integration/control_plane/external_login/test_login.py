"""Logging in at one's own company: from the button to a session of ours, and what a person is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import delete, func, select

from control_plane.database import open_database
from control_plane.external_login.accounts import connect_by_hand, disconnect_by_hand
from control_plane.models import ExternalIdentityRow, ExternalLoginRow, MemberRow, PersonRow, TenantRow
from control_plane.tokens.keys import base64url
from recolake.errors import NotFoundError

PASSWORD = "correct horse battery staple"


def rows(external: Any, table: Any, *where: Any) -> int:
    with open_database(external.accounts.settings).platform() as session:
        return session.execute(select(func.count()).select_from(table).where(*where)).scalar_one()


def me(external: Any, tokens: dict[str, Any]) -> Any:
    return external.accounts.ask("GET", "/v1/me", tokens["access_token"]).json()


def test_from_the_button_by_way_of_the_provider_to_an_organisation_and_a_session(external: Any) -> None:
    page = external.client.get("/oauth/authorize", params=external.accounts.wish("v" * 64))
    assert ">Continue with Acme</a>" in page.text
    assert 'type="password"' in page.text
    subject = external.newcomer(name="Ann <b>")
    welcome = external.through(subject)
    assert welcome.status_code == 200
    assert 'value="Ann &lt;b&gt;"' in welcome.text
    name = external.accounts.new_name()
    tokens = external.tokens(external.answer(welcome, name="Ann", new_organisation=name))
    assert (tokens["tenant"], tokens["role"]) == (name, "owner")
    assert me(external, tokens)["email"] == f"{subject}@example.org"
    # From then on nothing is asked, and the session is one like any other.
    again = external.tokens(external.through(subject))
    assert external.accounts.refresh(again["refresh_token"]).status_code == 200
    sessions = external.accounts.ask("GET", "/v1/sessions", tokens["access_token"]).json()
    assert [session["way"] for session in sessions] == ["provider", "provider"]
    entries = external.accounts.ask("GET", "/v1/audit", tokens["access_token"]).json()["entries"]
    last = entries[0]
    assert (last["action"], last["target"]) == ("member.logged_in", sessions[0]["session_id"])
    assert last["details"] == {"way": "provider", "client": "recolake-cli"}
    assert last["actor"] == {"kind": "person", "id": me(external, tokens)["person_id"]}


def test_a_login_with_the_password_says_so_in_the_audit_log(external: Any) -> None:
    person, token = external.accounts.owner()
    (entry, *_) = external.accounts.ask("GET", "/v1/audit", token).json()["entries"]
    assert entry["details"] == {"way": "password", "client": "recolake-cli"}
    assert entry["actor"]["id"] == person["person_id"]


@pytest.mark.control(11)
def test_the_provider_is_asked_with_pkce_and_with_a_state_and_nonce_that_are_new_each_time(
    external: Any, provider: Any
) -> None:
    subject = external.newcomer()
    wishes = []
    for _ in range(2):
        sent = external.begin()
        wishes.append(dict(parse_qsl(urlsplit(sent.headers["location"]).query)))
        external.back(external.at_provider(sent.headers["location"], subject))
        (form,) = [form for path, form in provider.asked if path == "/oauth2/token"]
        provider.asked.clear()
        challenge = base64url(hashlib.sha256(form["code_verifier"].encode()).digest())
        assert wishes[-1]["code_challenge"] == challenge
    first, second = wishes
    assert first["code_challenge_method"] == "S256"
    assert (first["response_type"], first["scope"]) == ("code", "openid email profile")
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name]) >= 43


@pytest.mark.control(11)
def test_the_cookie_is_for_this_browser_alone_and_goes_when_it_is_back(external: Any) -> None:
    sent = external.begin()
    cookie = sent.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=600" in cookie
    assert "Secure" not in cookie  # on loopback, without TLS
    external.back(external.at_provider(sent.headers["location"], external.newcomer()))
    assert not [name for name in external.client.cookies if name.startswith("recolake_login")]


def test_behind_tls_the_cookie_is_one_that_no_other_host_can_set(external_with: Callable[..., Any]) -> None:
    cookie = external_with(control_url="https://recolake.example").begin().headers["set-cookie"]
    assert cookie.startswith("__Host-recolake_login_")
    assert "Secure" in cookie
    assert "Path=/;" in cookie
    assert "Domain" not in cookie


def test_two_tabs_do_not_disturb_each_other(external: Any) -> None:
    first, second = external.settled()[0], external.settled()[0]
    urls = [external.begin().headers["location"] for _ in range(2)]
    sent = [external.at_provider(url, who) for url, who in zip(urls, (first, second), strict=True)]
    emails = [me(external, external.tokens(external.back(each)))["email"] for each in reversed(sent)]
    assert emails == [f"{second}@example.org", f"{first}@example.org"]


def test_nothing_that_would_open_a_session_is_stored_in_the_clear(external: Any) -> None:
    sent = external.begin()
    wish = dict(parse_qsl(urlsplit(sent.headers["location"]).query))
    cookie = sent.headers["set-cookie"].partition("=")[2].partition(";")[0]
    with open_database(external.accounts.settings).platform() as session:
        stored = str(session.connection().exec_driver_sql("SELECT * FROM external_logins").all())
    for secret in (wish["state"], wish["nonce"], cookie):
        assert secret not in stored


def test_who_belongs_to_several_organisations_chooses_one(external: Any) -> None:
    subject, tokens = external.settled()
    second = external.accounts.new_name()
    body = {"organisation": second}
    assert external.accounts.ask("POST", "/v1/organisations", tokens["access_token"], json=body).is_success
    page = external.through(subject)
    chosen = external.accounts.submit(external.accounts.hidden(page.text) | {"organisation": second})
    assert external.tokens(chosen)["tenant"] == second
    assert (
        external.tokens(external.through(subject, organisation=tokens["tenant"]))["tenant"]
        == tokens["tenant"]
    )
    sessions = external.accounts.ask("GET", "/v1/sessions", tokens["access_token"]).json()
    assert {session["way"] for session in sessions} == {"provider"}
    foreign = external.through(subject, organisation=external.accounts.sign_up()["tenant_id"])
    assert foreign.status_code == 403


def test_an_account_is_that_of_issuer_and_subject_whatever_address_they_have_by_now(
    external: Any, provider: Any
) -> None:
    subject, tokens = external.settled()
    provider.know(subject, email="married@example.org", email_verified=True, name="Ann")
    assert me(external, external.tokens(external.through(subject))) == me(external, tokens)
    heir = external.newcomer(email=f"{subject}@example.org")
    refused = external.through(heir)
    assert refused.status_code == 403
    assert "belongs to somebody else at Acme" in refused.text


def test_who_tells_the_address_apart_from_the_id_token_is_asked_for_it(external: Any, provider: Any) -> None:
    subject = external.newcomer()
    provider.say(drop="email")
    welcome = external.through(subject)
    assert f"{subject}@example.org" in welcome.text
    provider.spoil["/userinfo"] = lambda status, _: (status, b'{"sub": "other", "email": "x@example.org"}')
    assert external.through(subject).status_code == 502
    provider.spoil["/userinfo"] = lambda status, _: (status, b'{"sub": "%b"}' % subject.encode())
    nameless = external.through(subject)
    assert nameless.status_code == 403
    assert "does not tell your e-mail address" in nameless.text


def test_where_sign_up_is_closed_an_invitation_lets_in_whom_the_provider_knows(
    external_with: Callable[..., Any],
) -> None:
    external = external_with(sign_up="closed")
    opened = external_with()
    _, tokens = opened.settled()
    subject = external.newcomer()
    welcome = external.through(subject)
    assert "new_organisation" not in welcome.text
    begun = external.answer(welcome, name="Ann", new_organisation=external.accounts.new_name())
    assert begun.status_code == 403
    assert rows(external, PersonRow, PersonRow.email == f"{subject}@example.org") == 0

    def invite(email: str) -> str:
        body = {"email": email, "role": "analyst"}
        asked = external.accounts.ask("POST", "/v1/invitations", tokens["access_token"], json=body)
        return str(asked.json()["token"])

    for token, status in ((invite("other@example.org"), 403), ("inv_nonsense", 410)):
        assert external.answer(welcome, name="Ann", invitation=token).status_code == status
    assert rows(external, PersonRow, PersonRow.email == f"{subject}@example.org") == 0
    token = invite(f"{subject}@example.org")
    joined = external.tokens(external.answer(welcome, name="Ann", invitation=token))
    assert (joined["tenant"], joined["role"]) == (tokens["tenant"], "analyst")
    # Whoever is logged in accepts a further one without a password.
    _, others = opened.settled()
    body = {"email": f"{subject}@example.org", "role": "billing"}
    asked = external.accounts.ask("POST", "/v1/invitations", others["access_token"], json=body)
    more = {"token": asked.json()["token"]}
    first = external.accounts.ask("POST", "/v1/me/invitations", joined["access_token"], json=more)
    assert (first.status_code, first.json()["tenant_id"]) == (200, others["tenant"])
    again = external.accounts.ask("POST", "/v1/me/invitations", joined["access_token"], json=more)
    assert (again.status_code, again.json()["code"]) == (410, "invitation_gone")
    foreign = {"token": invite("somebody@example.org")}
    refused = external.accounts.ask("POST", "/v1/me/invitations", joined["access_token"], json=foreign)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_a_name_that_is_taken_is_refused_on_the_page_and_leaves_nothing_behind(external: Any) -> None:
    taken = external.accounts.sign_up()["tenant_id"]
    subject = external.newcomer()
    welcome = external.through(subject)
    for name, status in ((taken, 409), ("../shop", 422), ("", 422)):
        page = external.answer(welcome, name="Ann", new_organisation=name)
        assert (page.status_code, 'role="alert"' in page.text) == (status, True)
    assert (
        external.answer(welcome, name=" ", new_organisation=external.accounts.new_name()).status_code == 422
    )
    assert rows(external, PersonRow, PersonRow.email == f"{subject}@example.org") == 0
    assert rows(external, ExternalIdentityRow, ExternalIdentityRow.subject == subject) == 0
    mended = external.answer(welcome, name="Ann", new_organisation=external.accounts.new_name())
    assert external.tokens(mended)


def test_without_passwords_the_provider_is_the_only_way(external_with: Callable[..., Any]) -> None:
    before = external_with().accounts.sign_up()
    external = external_with(password_login=False)
    page = external.client.get("/oauth/authorize", params=external.accounts.wish("v" * 64))
    assert "Continue with Acme" in page.text
    assert 'type="password"' not in page.text
    tried = external.accounts.wish("v" * 64) | {"email": before["email"], "password": PASSWORD}
    refused = external.accounts.submit(tried)
    assert refused.status_code == 403
    assert "Nobody signs up or logs in with a password here" in refused.text
    _, tokens = external.settled()
    body = {"email": "a@example.org", "password": PASSWORD, "name": "A", "organisation": "a-name"}
    change = {"current": PASSWORD, "new": PASSWORD}
    accept = {"token": "inv_x", "password": PASSWORD}
    for answer in (
        external.client.post("/v1/people", json=body),
        external.client.post("/v1/invitations/accept", json=accept),
        external.accounts.ask("POST", "/v1/me/password", tokens["access_token"], json=change),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "password_login_off")
    # Who has a password from before shows it a last time, and is in.
    connect = external.through(external.newcomer(email=before["email"]))
    assert external.tokens(external.answer(connect, password=PASSWORD))["tenant"] == before["tenant_id"]


def test_an_account_without_a_password_has_none_that_could_be_changed_or_guessed(external: Any) -> None:
    subject, tokens = external.settled()
    body = {"current": "", "new": PASSWORD}
    answer = external.accounts.ask("POST", "/v1/me/password", tokens["access_token"], json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_password")
    form = external.accounts.wish("v" * 64) | {"email": f"{subject}@example.org"}
    assert {external.accounts.submit(form | {"password": p}).status_code for p in ("", "x")} == {401}


def test_without_a_provider_there_is_no_button_and_no_way_to_it(accounts: Any) -> None:
    page = accounts.client.get("/oauth/authorize", params=accounts.wish("v" * 64))
    assert "Continue with" not in page.text
    for answer in (
        accounts.client.get("/oauth/external", params=accounts.wish("v" * 64)),
        accounts.client.get("/oauth/external/callback", params={"state": "s", "code": "c"}),
        accounts.client.post("/oauth/external", data=accounts.wish("v" * 64) | {"ticket": "t"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_whoever_runs_the_platform_connects_an_account_by_hand(external: Any) -> None:
    person, token = external.accounts.owner()
    subject = external.newcomer(email=person["email"], email_verified=False)
    assert external.through(subject).status_code == 403
    assert connect_by_hand(external.accounts.settings, person["email"], subject) == person["person_id"]
    assert external.tokens(external.through(subject))["tenant"] == person["tenant_id"]
    entries = external.accounts.ask("GET", "/v1/audit", token).json()["entries"]
    (connected,) = [entry for entry in entries if entry["action"] == "member.connected"]
    assert connected["details"] == {"issuer": external.provider.url}
    assert connected["actor"]["kind"] == "system"  # the command line says its own name
    assert disconnect_by_hand(external.accounts.settings, person["email"]) == person["person_id"]
    assert external.accounts.ask("GET", "/v1/me", token).status_code == 401
    assert external.through(subject).status_code == 403
    for email in (person["email"], "nobody@example.org"):
        with pytest.raises(NotFoundError):
            disconnect_by_hand(external.accounts.settings, email)


def test_with_an_account_goes_what_the_provider_calls_its_person(external: Any) -> None:
    subject, tokens = external.settled()
    person = me(external, tokens)["person_id"]
    with open_database(external.accounts.settings).platform() as session:
        session.connection().exec_driver_sql("DELETE FROM refresh_tokens")
        session.connection().exec_driver_sql("DELETE FROM sessions WHERE person_id = %s", (person,))
        session.execute(delete(MemberRow).where(MemberRow.person_id == person))
        session.execute(delete(PersonRow).where(PersonRow.person_id == person))
    assert rows(external, ExternalIdentityRow, ExternalIdentityRow.subject == subject) == 0
    assert rows(external, TenantRow, TenantRow.tenant_id == tokens["tenant"]) == 1


def test_browsers_that_never_came_back_are_forgotten(external: Any) -> None:
    external.begin()
    with open_database(external.accounts.settings).platform() as session:
        session.connection().exec_driver_sql(
            "UPDATE external_logins SET expires_at = created_at - interval '1 hour'"
        )
    external.begin()
    assert rows(external, ExternalLoginRow) == 1

"""Control 11: what somebody may try on the way to the provider and back, one by one; nobody gets in by it."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from sqlalchemy import func, select, update

from control_plane.database import open_database
from control_plane.external_login.provider import open_provider
from control_plane.models import ExternalIdentityRow, ExternalLoginRow, LoginAttemptsRow, PersonRow

PASSWORD = "correct horse battery staple"


def known(external: Any, subject: str) -> bool:
    """Whether somebody of the provider has an account here."""
    with open_database(external.accounts.settings).platform() as session:
        own = select(func.count()).where(ExternalIdentityRow.subject == subject)
        return bool(session.execute(own).scalar_one())


def over(answer: Any) -> bool:
    told = answer.status_code == 400 and "This login is over" in answer.text
    return told and "location" not in answer.headers


@pytest.mark.control(11)
def test_what_comes_back_is_good_in_the_browser_that_was_sent_off_and_once(external: Any) -> None:
    """A login of an attacker's own, planted in somebody's browser, is worth nothing there."""
    subject, _ = external.settled()
    location = external.at_provider(external.begin().headers["location"], subject)
    kept = dict(external.client.cookies)
    external.client.cookies.clear()
    assert over(external.back(location))
    external.begin()
    assert over(external.back(location))
    external.client.cookies.clear()
    # A cookie of the right name, which somebody else set.
    external.client.cookies.update(dict.fromkeys(kept, "x" * 43))
    assert over(external.back(location))
    external.client.cookies.clear()
    external.client.cookies.update(kept)
    for state in ("", "other", "x" * 200):
        assert over(external.back(location, state=state))
    assert external.tokens(external.back(location))
    external.client.cookies.update(kept)
    assert over(external.back(location))


@pytest.mark.control(11)
def test_a_state_of_one_login_does_not_go_with_the_code_of_another(external: Any) -> None:
    """A stolen code that is put into a login of one's own fails at PKCE and at the nonce."""
    subject, _ = external.settled()
    theirs = external.at_provider(external.begin().headers["location"], subject)
    stolen = dict(parse_qsl(urlsplit(theirs).query))
    mine = external.at_provider(external.begin().headers["location"], external.newcomer())
    answer = external.back(mine, code=stolen["code"])
    assert (answer.status_code, "cannot be believed" in answer.text) == (401, True)


def test_a_login_that_takes_too_long_is_over(external: Any) -> None:
    location = external.at_provider(external.begin().headers["location"], external.newcomer())
    with open_database(external.accounts.settings).platform() as session:
        session.execute(update(ExternalLoginRow).values(expires_at=ExternalLoginRow.created_at))
    assert over(external.back(location))


def test_a_parameter_that_comes_twice_is_none(external: Any) -> None:
    location = external.at_provider(external.begin().headers["location"], external.newcomer())
    parts = urlsplit(location)
    assert over(external.client.get(f"{parts.path}?{parts.query}&code=other", follow_redirects=False))


NOW = int(time.time())


def _moment(value: object) -> str:
    """A test is called the same in every process, whenever that began."""
    return {str(NOW - 3600): "past", str(NOW + 3600): "future"}.get(str(value), str(value)[:20])


@pytest.mark.control(11)
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another login"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": ["another client"]},
        {"aud": "another client"},
        {"aud": []},
        {"azp": "another client"},
        {"exp": NOW - 3600},
        {"exp": None},
        {"exp": "never"},
        {"exp": 1e400},
        {"iat": NOW + 3600},
        {"nbf": NOW + 3600},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"sub": ""},
        {"sub": None},
        {"sub": "x" * 256},
        {"sub": "a\0b"},
    ],
    ids=lambda claims: (
        json.dumps(claims)[:30].replace(str(NOW - 3600), "past").replace(str(NOW + 3600), "future")
    ),
)
def test_an_id_token_that_says_one_wrong_thing_lets_nobody_in(
    external: Any, provider: Any, claims: dict[str, Any]
) -> None:
    subject = external.newcomer()
    provider.say(**claims)
    answer = external.through(subject)
    assert (answer.status_code, "cannot be believed" in answer.text) == (401, True)
    assert 'action="/oauth/authorize"' in answer.text
    assert "ticket" not in answer.text


@pytest.mark.control(11)
def test_a_token_for_several_clients_must_say_that_it_was_made_for_this_one(
    external: Any, provider: Any
) -> None:
    audience = [provider.client_id, "another client"]
    provider.say(aud=audience)
    assert external.through(external.newcomer()).status_code == 401
    provider.say(aud=audience, azp=provider.client_id)
    assert external.through(external.newcomer()).status_code == 200


@pytest.mark.parametrize("seconds", [-30, 30])
def test_clocks_may_differ_by_less_than_a_minute(external: Any, provider: Any, seconds: int) -> None:
    now = int(time.time())
    provider.say(iat=now + max(seconds, 0), nbf=now + max(seconds, 0), exp=now + min(seconds, 0))
    assert external.through(external.newcomer()).status_code == 200


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.control(11)
@pytest.mark.parametrize("kind", ["none", "HS256", "jwk", "typ", "garbled"])
def test_a_token_that_the_provider_did_not_sign_is_refused(external: Any, provider: Any, kind: str) -> None:
    """Without a signature, by a public key as a shared secret, by a key of its own, as another kind."""
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    subject = external.newcomer()
    public = httpx.get(f"{provider.url}/jwks").json()["keys"][0]

    def forge(status: int, content: bytes) -> tuple[int, bytes]:
        answer = json.loads(content)
        head, payload, signature = answer["id_token"].split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        if kind == "none":
            none = b'{"alg":"none"}'
            answer["id_token"] = f"{_base64url(none)}.{payload}."
        elif kind == "HS256":
            pem, header = RSAKey.import_key(public).as_pem(private=False), b'{"alg":"HS256"}'
            signed = f"{_base64url(header)}.{payload}"
            answer["id_token"] = f"{signed}.{_base64url(hmac.digest(pem, signed.encode(), 'sha256'))}"
        elif kind == "jwk":
            own = RSAKey.generate_key(2048)
            brought = {"alg": "RS256", "kid": public["kid"], "jwk": own.as_dict(private=False)}
            answer["id_token"] = jwt.encode(brought, claims, own)
        elif kind == "typ":
            other = {"alg": "RS256", "kid": "spare", "typ": "logout+jwt"}
            answer["id_token"] = jwt.encode(other, claims, provider.key)
        else:
            answer["id_token"] = f"{head}.{payload[:-4]}AAAA.{signature}"
        return status, json.dumps(answer).encode()

    provider.published = kind == "typ"
    provider.spoil["/oauth2/token"] = forge
    answer = external.through(subject)
    assert (answer.status_code, "cannot be believed" in answer.text) == (401, True)


@pytest.mark.control(11)
def test_a_key_that_is_not_known_is_looked_for_but_not_at_every_token(external: Any, provider: Any) -> None:
    """A provider rotates its keys; an invented key makes the platform ask no more than twice a minute."""
    moment = [1000.0]
    open_provider(external.accounts.settings)._clock = lambda: moment[0]
    assert external.through(external.newcomer()).status_code == 200
    provider.say()
    provider.published = False
    for _ in range(3):
        assert external.through(external.newcomer()).status_code == 401
    assert provider.count("/jwks") == 1
    moment[0] += 31
    for _ in range(3):
        assert external.through(external.newcomer()).status_code == 401
    assert provider.count("/jwks") == 2
    provider.published = True
    assert external.through(external.newcomer()).status_code == 401
    moment[0] += 31
    assert external.through(external.newcomer()).status_code == 200
    assert provider.count("/jwks") == 3
    # What is known is not asked for again for an hour.
    moment[0] += 3000
    assert external.through(external.newcomer()).status_code == 200
    assert (provider.count("/jwks"), provider.count("/.well-known/openid-configuration")) == (3, 1)


@pytest.mark.control(11)
def test_an_address_that_the_provider_does_not_vouch_for_opens_no_account(external: Any) -> None:
    person = external.accounts.sign_up()
    for claims in ({"email_verified": False}, {"email_verified": None}, {"email_verified": "yes"}):
        subject = external.newcomer(email=person["email"], **claims)
        answer = external.through(subject)
        assert (answer.status_code, "does not vouch" in answer.text) == (403, True)
        assert "ticket" not in answer.text
        assert not known(external, subject)


@pytest.mark.control(11)
def test_an_address_that_it_vouches_for_opens_an_account_with_its_password_alone(external: Any) -> None:
    """Whoever took a foreign address early, here or there, gains nothing by it."""
    person = external.accounts.sign_up()
    subject = external.newcomer(email=person["email"].upper())
    page = external.through(subject)
    assert (page.status_code, "Is this account yours?" in page.text) == (200, True)
    assert "code=" not in page.text
    wrong = external.answer(page, password="wrong horse battery staple")
    assert (wrong.status_code, "Is this account yours?" in wrong.text) == (401, True)
    # Neither an organisation nor an invitation is a way around the password.
    for fields in ({"new_organisation": external.accounts.new_name()}, {"invitation": "inv_x"}, {}):
        assert external.answer(page, name="Eve", **fields).status_code in {409, 410, 422}
    assert not known(external, subject)
    tokens = external.tokens(external.answer(wrong, password=PASSWORD))
    assert tokens["tenant"] == person["tenant_id"]
    assert external.tokens(external.through(subject))["tenant"] == person["tenant_id"]
    assert external.accounts.log_in(person["email"])["tenant"] == person["tenant_id"]


@pytest.mark.control(11)
def test_guessing_the_password_of_an_account_by_way_of_the_provider_is_slowed_like_any_other(
    external: Any,
) -> None:
    person = external.accounts.sign_up()
    page = external.through(external.newcomer(email=person["email"]))
    answers = [external.answer(page, password=f"wrong {number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 30


@pytest.mark.control(11)
def test_a_ticket_is_good_for_its_own_login_and_kind_alone(external: Any) -> None:
    subject, _ = external.settled()
    welcome = external.through(external.newcomer())
    ticket = external.accounts.hidden(welcome.text)["ticket"]
    name = external.accounts.new_name()
    for changes in ({"code_challenge": "w" * 43}, {"ticket": "x"}, {"ticket": ticket[:-4] + "AAAA"}):
        answer = external.answer(welcome, name="Eve", new_organisation=name, **changes)
        assert answer.status_code == 401
        assert "ticket" not in answer.text
    # It is none by which one chooses an organisation of one's own.
    form = external.accounts.hidden(welcome.text) | {"organisation": name}
    assert external.accounts.submit(form).status_code == 401
    assert external.tokens(external.through(subject))


def test_nothing_is_sent_to_where_nobody_agreed(external: Any) -> None:
    for changes in ({"redirect_uri": "https://evil.example/callback"}, {"client_id": "nobody"}):
        answer = external.begin(**changes)
        assert (answer.status_code, answer.json()["code"]) == (400, "untrusted_client")
    assert external.accounts.told(external.begin(code_challenge=""))["error"] == "invalid_request"
    welcome = external.through(external.newcomer())
    evil = external.answer(welcome, redirect_uri="https://evil.example/callback")
    assert (evil.status_code, "location" in evil.headers) == (400, False)


def test_the_pages_take_nothing_from_elsewhere_and_show_what_was_sent_as_text(external: Any) -> None:
    nasty = "<script>alert(1)</script>"
    person = external.accounts.sign_up()
    pages = [
        external.through(external.newcomer(name=nasty), state=nasty),
        external.through(external.newcomer(email=person["email"]), state=nasty),
        external.back("/oauth/external/callback?state=s&code=c", state=nasty),
        external.through(None, state=nasty),
    ]
    for page in pages:
        assert "<script" not in page.text
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-frame-options"] == "DENY"


def test_sending_browsers_off_without_end_is_slowed_and_who_comes_back_logged_in_is_not_counted(
    external: Any,
) -> None:
    subject, _ = external.settled()
    for _ in range(3):
        external.tokens(external.through(subject))
    with open_database(external.accounts.settings).platform() as session:
        rows = session.scalars(select(LoginAttemptsRow)).all()
        assert [row.attempts for row in rows if row.subject.startswith("external:")] == [0]
        session.execute(
            update(LoginAttemptsRow).where(LoginAttemptsRow.subject.like("external:%")).values(attempts=49)
        )
    assert external.begin().status_code == 303
    slowed = external.begin()
    assert (slowed.status_code, "Too many attempts" in slowed.text) == (429, True)
    assert 0 < int(slowed.headers["retry-after"]) <= 30


@pytest.mark.control(17)
def test_whatever_is_sent_is_answered_as_described(external: Any, ask_anything: Any) -> None:
    ask_anything(external.client, {}, under="/oauth/external")


def test_two_who_begin_at_once_as_the_same_person_make_one_account(external: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    subject = external.newcomer()
    pages = [external.through(subject) for _ in range(2)]

    def begin(page: Any) -> int:
        fields = {"name": "Ann", "new_organisation": external.accounts.new_name()}
        return int(external.answer(page, **fields).status_code)

    with ThreadPoolExecutor(2) as pool:
        assert 303 in list(pool.map(begin, pages))
    with open_database(external.accounts.settings).platform() as session:
        own = select(func.count()).where(PersonRow.email == f"{subject}@example.org")
        assert session.execute(own).scalar_one() == 1


def test_settings_of_another_provider_know_nobody_of_this_one(external_with: Callable[..., Any]) -> None:
    """`sub` is unique within an issuer alone."""
    external = external_with()
    subject, _ = external.settled()
    with open_database(external.accounts.settings).platform() as session:
        session.execute(
            update(ExternalIdentityRow)
            .where(ExternalIdentityRow.subject == subject)
            .values(issuer="https://other.example")
        )
    assert external.through(subject).status_code == 403

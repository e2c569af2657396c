"""Control 11: OAuth 2 by code and PKCE, and nothing that RFC 9700 turns down; passwords cannot be guessed."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text, update

from control_plane.database import open_database
from control_plane.models import AuthorizationCodeRow, LoginAttemptsRow

VERIFIER = "v" * 64
PASSWORD = "correct horse battery staple"


def test_from_sign_up_by_way_of_the_page_to_a_token_that_says_who_one_is(accounts: Any) -> None:
    person = accounts.sign_up(organisation_name="The Shop")
    assert person["role"] == "owner"
    wish = accounts.wish(VERIFIER)
    page = accounts.client.get("/oauth/authorize", params=wish)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert accounts.hidden(page.text) == wish
    sent = accounts.submit(
        accounts.hidden(page.text) | {"email": person["email"].upper(), "password": PASSWORD}
    )
    assert sent.status_code == 303
    told = accounts.told(sent)
    issuer = accounts.client.get("/.well-known/oauth-authorization-server").json()["issuer"]
    assert (told["state"], told["iss"]) == ("some-state", issuer)
    answer = accounts.exchange_code(told["code"], VERIFIER)
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    assert (tokens["tenant"], tokens["role"]) == (person["tenant_id"], "owner")
    me = accounts.ask("GET", "/v1/me", tokens["access_token"]).json()
    assert (me["email"], me["tenant_id"]) == (person["email"], person["tenant_id"])
    assert me["organisations"] == [
        {"tenant_id": person["tenant_id"], "display_name": "The Shop", "role": "owner"}
    ]


def test_a_token_can_be_told_by_the_published_keys(accounts: Any) -> None:
    import jwt

    _, token = accounts.owner()
    described = accounts.client.get("/.well-known/oauth-authorization-server").json()
    (key,) = accounts.client.get("/.well-known/jwks.json").json()["keys"]
    assert "d" not in key
    content = jwt.decode(
        token,
        jwt.PyJWK(key),
        algorithms=["EdDSA"],
        audience="recolake:control",
        issuer=described["issuer"],
    )
    assert content["exp"] - content["iat"] == 900
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]


@pytest.mark.control(11)
@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:8123/callback/"},
        {"client_id": "nobody"},
        {"client_id": "recolake-dashboard"},
    ],
)
def test_nothing_is_sent_to_where_nobody_agreed(accounts: Any, changes: dict[str, str]) -> None:
    person = accounts.sign_up()
    wish = accounts.wish(VERIFIER, **changes)
    for answer in (
        accounts.client.get("/oauth/authorize", params=wish, follow_redirects=False),
        accounts.submit(wish | {"email": person["email"], "password": PASSWORD}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "untrusted_client")
        assert "location" not in answer.headers


@pytest.mark.control(11)
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"state": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
    ],
)
def test_a_wish_without_state_or_pkce_gets_no_code_even_with_the_password(
    accounts: Any, changes: dict[str, str], error: str
) -> None:
    person = accounts.sign_up()
    wish = accounts.wish(VERIFIER, **changes)
    for answer in (
        accounts.client.get("/oauth/authorize", params=wish, follow_redirects=False),
        accounts.submit(wish | {"email": person["email"], "password": PASSWORD}),
    ):
        assert (answer.status_code, accounts.told(answer)["error"]) == (303, error)
        assert "code" not in accounts.told(answer)


@pytest.mark.control(11)
@pytest.mark.parametrize("grant", ["password", "client_credentials", "implicit", ""])
def test_there_is_no_password_grant_nor_any_other(accounts: Any, grant: str) -> None:
    person = accounts.sign_up()
    answer = accounts.exchange(grant_type=grant, username=person["email"], password=PASSWORD)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["code"] == "oauth_error"


@pytest.mark.control(11)
@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:9/callback"},
        {"client_id": "recolake-dashboard"},
    ],
)
def test_a_code_is_worth_nothing_without_what_it_was_asked_for_with_and_then_never(
    accounts: Any, changes: dict[str, str]
) -> None:
    code = accounts.code(accounts.sign_up()["email"], VERIFIER)
    for answer in (
        accounts.exchange_code(code, VERIFIER, **changes),
        accounts.exchange_code(code, VERIFIER),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_good_once_and_shown_again_it_ends_the_session(accounts: Any) -> None:
    code = accounts.code(accounts.sign_up()["email"], VERIFIER)
    token = accounts.exchange_code(code, VERIFIER).json()["access_token"]
    assert accounts.ask("GET", "/v1/me", token).status_code == 200
    assert accounts.exchange_code(code, VERIFIER).json()["error"] == "invalid_grant"
    assert accounts.ask("GET", "/v1/me", token).status_code == 401


def test_of_many_who_show_a_code_at_once_at_most_one_gets_tokens(accounts: Any) -> None:
    code = accounts.code(accounts.sign_up()["email"], VERIFIER)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: accounts.exchange_code(code, VERIFIER).status_code, range(6)))
    assert sorted(answers) == [200, 400, 400, 400, 400, 400]


def test_a_code_is_over_after_a_minute(accounts: Any) -> None:
    code = accounts.code(accounts.sign_up()["email"], VERIFIER)
    with open_database(accounts.settings).platform() as session:
        session.execute(
            update(AuthorizationCodeRow).values(
                expires_at=AuthorizationCodeRow.created_at - text("interval '1 second'")
            )
        )
    assert accounts.exchange_code(code, VERIFIER).json()["error"] == "invalid_grant"


def test_whether_somebody_is_known_is_told_by_no_answer(accounts: Any) -> None:
    person, wish = accounts.sign_up(), accounts.wish(VERIFIER)
    pages = [
        accounts.submit(wish | {"email": email, "password": "wrong"})
        for email in (person["email"], "nobody@example.org")
    ]
    assert [page.status_code for page in pages] == [401, 401]
    assert pages[0].text == pages[1].text.replace("nobody@example.org", person["email"])


def test_who_belongs_to_several_organisations_chooses_one(accounts: Any) -> None:
    person, token = accounts.owner()
    second = accounts.new_name()
    made = accounts.ask("POST", "/v1/organisations", token, json={"organisation": second})
    assert made.status_code == 201
    page = accounts.submit(accounts.wish(VERIFIER) | {"email": person["email"], "password": PASSWORD})
    assert page.status_code == 200
    assert PASSWORD not in page.text
    fields = accounts.hidden(page.text)
    chosen = accounts.submit(fields | {"organisation": second})
    tokens = accounts.exchange_code(accounts.told(chosen)["code"], VERIFIER).json()
    assert tokens["tenant"] == second
    assert accounts.ask("GET", f"/v1/tenants/{second}", tokens["access_token"]).status_code == 200
    first = accounts.ask("GET", f"/v1/tenants/{person['tenant_id']}", tokens["access_token"])
    assert first.status_code == 404
    assert accounts.log_in(person["email"], person["tenant_id"])["tenant"] == person["tenant_id"]
    # A ticket of another login, and somebody else's organisation.
    stolen = accounts.submit(accounts.wish("w" * 64) | {"ticket": fields["ticket"], "organisation": second})
    foreign = accounts.submit(fields | {"organisation": accounts.sign_up()["tenant_id"]})
    assert (stolen.status_code, foreign.status_code) == (401, 403)


def test_guessing_a_password_is_slowed_and_the_wait_is_told(accounts: Any) -> None:
    person, wish = accounts.sign_up(), accounts.wish(VERIFIER)
    answers = [
        accounts.submit(wish | {"email": person["email"], "password": secrets.token_hex(8)}) for _ in range(6)
    ]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 30
    # The right password is not looked at either; another account is.
    assert accounts.submit(wish | {"email": person["email"], "password": PASSWORD}).status_code == 429
    accounts.log_in(accounts.sign_up()["email"])
    with open_database(accounts.settings).platform() as session:
        session.execute(update(LoginAttemptsRow).values(blocked_until=None))
    accounts.log_in(person["email"])
    assert accounts.submit(wish | {"email": person["email"], "password": "wrong"}).status_code == 401


def test_guessing_at_once_has_no_better_chance(accounts: Any) -> None:
    person, wish = accounts.sign_up(), accounts.wish(VERIFIER)
    form = wish | {"email": person["email"], "password": "wrong"}
    with ThreadPoolExecutor(12) as pool:
        answers = [a.status_code for a in pool.map(lambda _: accounts.submit(form), range(12))]
    assert sorted(answers) == [401] * 5 + [429] * 7


def test_an_address_that_guesses_many_accounts_is_slowed(accounts: Any) -> None:
    with open_database(accounts.settings).platform() as session:
        accounts.submit(accounts.wish(VERIFIER) | {"email": "a@example.org", "password": "wrong"})
        session.execute(
            update(LoginAttemptsRow).where(LoginAttemptsRow.subject.like("address:%")).values(attempts=49)
        )
    wish = accounts.wish(VERIFIER)
    answers = [
        accounts.submit(wish | {"email": f"{name}@example.org", "password": "wrong"}).status_code
        for name in "bc"
    ]
    assert answers == [401, 429]


def test_no_secret_is_stored_in_the_clear(accounts: Any) -> None:
    person = accounts.sign_up()
    code = accounts.code(person["email"], VERIFIER)
    tokens = accounts.exchange_code(code, VERIFIER).json()
    with open_database(accounts.settings).platform() as session:
        stored = "".join(
            str(session.connection().exec_driver_sql(f"SELECT * FROM {table}").all())
            for table in ("people", "sessions", "refresh_tokens", "authorization_codes", "login_attempts")
        )
    assert person["email"] in stored
    for secret in (PASSWORD, code, tokens["refresh_token"], tokens["access_token"], VERIFIER):
        assert secret not in stored


@pytest.mark.control(13)
@pytest.mark.parametrize(
    "changes",
    [
        {"email": "no address"},
        {"email": "a@b"},
        {"password": "short"},
        {"organisation": "../shop"},
        {"organisation": "unclaimed"},
        {"name": ""},
        {"name": "a\0b"},
        {"organisation_name": "a\0b"},
        {"email": "a\0@example.org"},
        {"role": "owner"},
        {"person_id": "per_1"},
    ],
)
def test_a_sign_up_with_a_wrong_or_unknown_field_is_refused(accounts: Any, changes: dict[str, str]) -> None:
    name = accounts.new_name()
    body = {"email": f"{name}@example.org", "password": PASSWORD, "name": "Ann", "organisation": name}
    answer = accounts.client.post("/v1/people", json=body | changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert PASSWORD not in answer.text


def test_no_text_however_odd_breaks_the_page(accounts: Any) -> None:
    wish = accounts.wish(VERIFIER)
    for odd in ("\0", "a\0@example.org", "\ud7ff\uffff", "'; DROP TABLE people; --", "x" * 300):
        for field in ("email", "password", "ticket", "organisation", "state"):
            form = {"email": "odd@example.org", "password": "wrong"} | wish | {field: odd}
            status = accounts.submit(form).status_code
            assert status in {303, 401, 403, 422, 429}, (field, odd, status)
        answer = accounts.exchange(grant_type="refresh_token", refresh_token=odd)
        assert answer.status_code in {400, 422}


def test_a_taken_address_or_name_is_refused_and_leaves_nothing_behind(accounts: Any) -> None:
    person = accounts.sign_up()
    name = accounts.new_name()
    body = {"email": person["email"], "password": PASSWORD, "name": "Ann", "organisation": name}
    answer = accounts.client.post("/v1/people", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "person_exists")
    other = {"email": f"{name}@example.org", "organisation": person["tenant_id"]}
    answer = accounts.client.post("/v1/people", json=body | other)
    assert (answer.status_code, answer.json()["code"]) == (409, "tenant_exists")
    accounts.sign_up(name)

"""Settings of an OpenID Connect provider: all of it or nothing, and never a plain connection."""

from __future__ import annotations

from typing import Any

import pytest

from recolake.errors import InvalidInputError
from recolake.loopback import is_secure_url
from recolake.settings import Settings, load_settings

ISSUER, CLIENT = "https://login.example/realms/shop", "recolake"


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"RECOLAKE_{name}", value)
    load_settings.cache_clear()
    try:
        return load_settings()
    finally:
        load_settings.cache_clear()


def test_both_together_are_a_provider_and_another_process_reads_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = read(monkeypatch, OIDC_ISSUER=ISSUER, OIDC_CLIENT_ID=CLIENT, PASSWORD_LOGIN="false")
    assert (settings.oidc_issuer, settings.oidc_client_id, settings.password_login) == (ISSUER, CLIENT, False)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_without_any_of_it_people_log_in_with_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ({}, {"OIDC_ISSUER": "", "OIDC_CLIENT_ID": ""}):
        settings = read(monkeypatch, **given)
        assert (settings.oidc_issuer, settings.password_login) == (None, True)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"OIDC_ISSUER": ISSUER}, "RECOLAKE_OIDC_CLIENT_ID"),
        ({"OIDC_ISSUER": ISSUER, "OIDC_CLIENT_ID": ""}, "RECOLAKE_OIDC_CLIENT_ID"),
        ({"OIDC_CLIENT_ID": CLIENT}, "RECOLAKE_OIDC_CLIENT_ID"),
        ({"OIDC_ISSUER": "login.example", "OIDC_CLIENT_ID": CLIENT}, "RECOLAKE_OIDC_ISSUER"),
        ({"OIDC_ISSUER": "http://login.example", "OIDC_CLIENT_ID": CLIENT}, "RECOLAKE_OIDC_ISSUER"),
        ({"OIDC_ISSUER": f"{ISSUER}?a=b", "OIDC_CLIENT_ID": CLIENT}, "RECOLAKE_OIDC_ISSUER"),
        ({"OIDC_SCOPES": "email profile"}, "RECOLAKE_OIDC_SCOPES"),
        ({"OIDC_SCOPES": 'openid "'}, "RECOLAKE_OIDC_SCOPES"),
        ({"OIDC_NAME": ""}, "RECOLAKE_OIDC_NAME"),
        ({"OIDC_DEADLINE_SECONDS": "0"}, "RECOLAKE_OIDC_DEADLINE_SECONDS"),
        ({"PASSWORD_LOGIN": "false"}, "RECOLAKE_PASSWORD_LOGIN"),
    ],
)
def test_half_of_it_or_a_wrong_value_is_told_at_the_start_by_the_variable_s_name(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInputError, match=named):
        read(monkeypatch, **variables)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "https://10.0.0.7:8443/x",
        "http://127.0.0.1:9",
        "http://localhost",
        "http://[::1]:9/a",
    ],
)
def test_https_and_this_machine_are_safe_from_those_on_the_way(url: str) -> None:
    assert is_secure_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "http://10.0.0.7",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "https://user@a.example",
        "https://a.example/#x",
        "https://a.example:x",
        "https://a.example\\@b.example",
        "https://a.example/ b",
        "https://a.example/\n",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
def test_nothing_else_is(url: str) -> None:
    assert not is_secure_url(url)

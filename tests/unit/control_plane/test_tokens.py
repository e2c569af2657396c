"""Control 8: a JWT is believed only if we signed it, for this purpose, and it is not over."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from control_plane.permissions import Role
from control_plane.tokens import access
from control_plane.tokens.keys import SigningKey, jwk, key_id, rotate, signing_key, verifying_keys
from recolake.errors import UnauthenticatedError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ISSUER = "https://recolake.example"
CLAIMS = access.Claims("per_1", Tenant("shop"), Role.ANALYST, "ses_1")
_PRIVATE = Ed25519PrivateKey.generate()
KEY = SigningKey(key_id(_PRIVATE.public_key()), _PRIVATE)
KEYS = {KEY.kid: KEY.public}
TOKEN = access.issue(CLAIMS, KEY, ISSUER, NOW)


def content(**changes: Any) -> dict[str, Any]:
    return jwt.decode(TOKEN, options={"verify_signature": False}) | changes


def signed(
    body: dict[str, Any] | None = None, *, key: Any = KEY.private, algorithm: str = "EdDSA", **header: Any
) -> str:
    return jwt.encode(body or content(), key, algorithm, headers={"typ": "at+jwt", "kid": KEY.kid} | header)


def by_hand(header: dict[str, Any], body: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(body).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def refused(token: str, now: datetime = NOW) -> None:
    with pytest.raises(UnauthenticatedError):
        access.verify(token, KEYS, ISSUER, now)


def test_what_was_said_is_what_is_read() -> None:
    assert access.verify(TOKEN, KEYS, ISSUER, NOW) == CLAIMS
    assert access.verify(signed(), KEYS, ISSUER, NOW) == CLAIMS


@pytest.mark.control(8)
@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("signature", [b"", b"x"])
def test_algorithm_none_is_refused(name: str, signature: bytes) -> None:
    refused(by_hand({"alg": name, "typ": "at+jwt", "kid": KEY.kid}, content(), signature))


@pytest.mark.control(8)
@pytest.mark.parametrize(
    "secret",
    [
        KEY.public.public_bytes_raw(),
        json.dumps(jwk(KEY.public)).encode(),
        KEY.public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    ],
    ids=["raw", "jwk", "pem"],
)
def test_a_signature_by_the_public_key_as_a_shared_secret_is_refused(secret: bytes) -> None:
    import hashlib
    import hmac

    unsigned = by_hand({"alg": "HS256", "typ": "at+jwt", "kid": KEY.kid}, content()).rstrip(".")
    mac = hmac.digest(secret, unsigned.encode(), hashlib.sha256)
    refused(f"{unsigned}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


def test_a_signature_by_another_algorithm_is_refused() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refused(signed(key=key, algorithm="RS256"))


def test_a_signature_by_another_key_is_refused_whatever_id_it_claims() -> None:
    other = Ed25519PrivateKey.generate()
    refused(signed(key=other))
    refused(signed(key=other, kid=key_id(other.public_key())))


@pytest.mark.control(8)
@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
def test_a_header_that_brings_its_own_key_is_refused_even_where_the_signature_is_ours(name: str) -> None:
    refused(signed(**{name: "https://attacker.example/keys" if name.endswith("u") else [ISSUER]}))


@pytest.mark.control(8)
@pytest.mark.parametrize("audience", ["recolake:login", "", "other", ["other"]])
def test_a_wrong_audience_is_refused(audience: Any) -> None:
    refused(signed(content(aud=audience)))


@pytest.mark.control(8)
@pytest.mark.parametrize("kind", ["JWT", "login+jwt", "", None, "AT+JWT"])
def test_a_wrong_type_is_refused(kind: str | None) -> None:
    refused(signed(typ=kind))


def test_a_wrong_issuer_is_refused() -> None:
    refused(signed(content(iss="https://other.example")))


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "iat", "exp", "tenant", "role", "sid"])
def test_a_token_that_lacks_something_is_refused(name: str) -> None:
    body = content()
    del body[name]
    refused(signed(body))


@pytest.mark.parametrize("changes", [{"exp": "soon"}, {"exp": 9e99}, {"role": "king"}, {"tenant": "../x"}])
def test_a_token_that_says_nonsense_is_refused(changes: dict[str, Any]) -> None:
    refused(signed(content(**changes)))


@pytest.mark.control(8)
def test_a_token_is_good_to_the_last_second_and_dead_from_then_on() -> None:
    end = NOW + timedelta(minutes=15)
    assert access.verify(TOKEN, KEYS, ISSUER, end - timedelta(seconds=1)) == CLAIMS
    refused(TOKEN, end)
    refused(TOKEN, end + timedelta(seconds=1))


def test_a_token_from_the_future_is_refused() -> None:
    refused(TOKEN, NOW - timedelta(seconds=2))


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_any_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    refused(text)


@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TOKEN) - 1))
    other = data.draw(st.sampled_from("AZaz09-_."))
    changed = TOKEN[:place] + other + TOKEN[place + 1 :]
    if changed != TOKEN and base64_differs(changed):
        refused(changed)


def base64_differs(changed: str) -> bool:
    """The last character of a part has bits that mean nothing."""
    parts = changed.split(".")
    pads = ["=" * (-len(part) % 4) for part in parts]
    try:
        raw = [base64.urlsafe_b64decode(part + pad) for part, pad in zip(parts, pads, strict=True)]
    except ValueError:
        return True
    own = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in TOKEN.split(".")]
    return raw != own


def test_a_ticket_is_no_access_token_and_good_for_its_own_login_alone() -> None:
    ticket = access.issue_ticket("per_1", "challenge", KEY, ISSUER, NOW)
    assert access.verify_ticket(ticket, "challenge", KEYS, ISSUER, NOW)["sub"] == "per_1"
    refused(ticket)
    for token, challenge, now in [
        (ticket, "other", NOW),
        (ticket, "challenge", NOW + timedelta(minutes=5)),
        (TOKEN, "challenge", NOW),
    ]:
        with pytest.raises(UnauthenticatedError):
            access.verify_ticket(token, challenge, KEYS, ISSUER, now)


def test_the_key_is_a_private_file_made_once_and_a_rotation_keeps_the_one_before(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    first = signing_key(settings)
    assert signing_key(settings).kid == first.kid
    token = access.issue(CLAIMS, first, ISSUER, NOW)
    path = settings.secrets_root / "tokens" / "current.key"
    assert path.stat().st_mode & 0o077 == 0
    assert rotate(settings) == signing_key(settings).kid != first.kid
    assert access.verify(token, verifying_keys(settings), ISSUER, NOW) == CLAIMS
    rotate(settings)
    with pytest.raises(UnauthenticatedError):
        access.verify(token, verifying_keys(settings), ISSUER, NOW)

"""Control 11: an ID token in every algorithm that is believed, and what its header may not say."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from control_plane.external_login.id_token import HASHES, Expected, IdTokenError, UnknownKeyError, verify
from control_plane.external_login.service import identity_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EXPECTED = Expected("https://login.example", "recolake", "a-nonce", "an-access-token")
CLAIMS = {
    "iss": EXPECTED.issuer,
    "aud": EXPECTED.client_id,
    "sub": "ann",
    "nonce": EXPECTED.nonce,
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 300,
}
CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}


@cache
def private_key(algorithm: str) -> Any:
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm]())
    return rsa.generate_private_key(65537, 2048)


def public(algorithm: str, **more: str) -> dict[str, Any]:
    kind = jwt.get_algorithm_by_name(algorithm)
    return {**kind.to_jwk(private_key(algorithm).public_key(), as_dict=True), "kid": "one", **more}


def signed(algorithm: str, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    named = {"kid": "one"} | dict(header or {})
    return jwt.encode(CLAIMS | claims, private_key(algorithm), algorithm, headers=named)


@pytest.mark.parametrize("algorithm", sorted(HASHES))
def test_every_algorithm_that_is_believed_is_with_the_hash_of_the_access_token(algorithm: str) -> None:
    digest = hashlib.new(HASHES[algorithm], EXPECTED.access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    keys = [public(algorithm, alg=algorithm, use="sig")]
    assert verify(signed(algorithm, at_hash=half), keys, EXPECTED, NOW)["sub"] == "ann"
    with pytest.raises(IdTokenError, match="at_hash"):
        verify(signed(algorithm, at_hash=half[::-1]), keys, EXPECTED, NOW)


@pytest.mark.control(11)
@pytest.mark.parametrize("algorithm", sorted(HASHES))
def test_a_changed_token_and_one_of_another_key_are_refused(algorithm: str) -> None:
    token = signed(algorithm)
    head, payload, signature = token.split(".")
    other = signed(algorithm, sub="eve").split(".")[1]
    with pytest.raises(IdTokenError):
        verify(f"{head}.{other}.{signature}", [public(algorithm)], EXPECTED, NOW)
    with pytest.raises(UnknownKeyError):
        verify(token, [public(algorithm, kid="two")], EXPECTED, NOW)
    with pytest.raises(UnknownKeyError):
        verify(token, [public(algorithm, use="enc")], EXPECTED, NOW)
    assert payload


def test_a_key_of_one_algorithm_verifies_no_other() -> None:
    with pytest.raises(UnknownKeyError):
        verify(signed("RS256"), [public("RS256", alg="PS256")], EXPECTED, NOW)
    with pytest.raises(UnknownKeyError):
        verify(signed("RS256"), [public("ES256")], EXPECTED, NOW)
    with pytest.raises(IdTokenError):
        verify(signed("ES256"), [public("ES384")], EXPECTED, NOW)


@pytest.mark.control(11)
@pytest.mark.parametrize(
    "header",
    [{"jku": "https://a.example"}, {"jwk": {}}, {"x5u": "x"}, {"crit": ["b64"]}, {"typ": "at+jwt"}],
)
def test_a_header_that_brings_a_key_or_is_of_another_kind_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(IdTokenError):
        verify(signed("RS256", header), [public("RS256")], EXPECTED, NOW)


def test_a_token_without_a_key_s_name_needs_a_single_key() -> None:
    token = jwt.encode(CLAIMS, private_key("RS256"), "RS256")
    assert verify(token, [public("RS256"), public("ES256")], EXPECTED, NOW)
    with pytest.raises(IdTokenError, match="several"):
        verify(token, [public("RS256"), public("RS256", kid="two")], EXPECTED, NOW)


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "....", "\x00.\x00.\x00", "ä.ö.ü"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(IdTokenError):
        verify(token, [public("RS256")], EXPECTED, NOW)


@pytest.mark.parametrize(
    ("claims", "email", "verified", "name"),
    [
        ({"email": "Ann@Example.org", "email_verified": True, "name": "Ann"}, "ann@example.org", True, "Ann"),
        ({"email": "ann@example.org", "email_verified": "true"}, "ann@example.org", True, "ann"),
        ({"email": "ann@example.org", "email_verified": 1}, "ann@example.org", False, "ann"),
        ({"email": "ann@example.org", "email_verified": "false"}, "ann@example.org", False, "ann"),
        ({"email": "no address", "email_verified": True}, "", False, ""),
        ({"email": ["ann@example.org"], "email_verified": True}, "", False, ""),
        ({"email": "a\0@example.org", "email_verified": True, "name": "A\0nn\u202e"}, "", False, "Ann"),
        ({"name": "x" * 300}, "", False, "x" * 100),
        ({"name": {"first": "Ann"}}, "", False, "{'first': 'Ann'}"),
    ],
)
def test_of_what_a_provider_claims_only_what_can_be_used_is_left(
    claims: dict[str, Any], email: str, verified: bool, name: str
) -> None:
    found = identity_of("https://login.example", claims | {"sub": "ann"})
    assert (found.email, found.email_verified, found.name) == (email, verified, name)

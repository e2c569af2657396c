"""ID tokens (OpenID Connect Core 1.0, section 3.1.3.7): all that must be right before one is believed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import jwt
from jwt.types import Options

from control_plane.tokens.keys import base64url

HASHES: Mapping[str, str] = MappingProxyType(
    {f"{kind}{bits}": f"sha{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)}
    | {"EdDSA": "sha512"}
)
"""Algorithms that are believed, and the hash of `at_hash`: neither `none` nor a shared secret."""
LEEWAY = timedelta(minutes=1)
"""By which the clocks of both may differ."""
_MOST_SUBJECT = 255
_FARTHEST = 1e12
# What would have us take a key from whoever made the token, or that we do not understand.
_FOREIGN = {"jku", "jwk", "x5u", "crit", "b64", "enc"}
_CHECKS: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}

Key = Mapping[str, Any]
"""A JSON Web Key (RFC 7517) as it was read."""


class IdTokenError(Exception):
    """The token proves nothing; the text says why, in words for the log."""


class UnknownKeyError(IdTokenError):
    """No key that is known could have signed it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What only the token of this very login says."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


def verify(token: str, keys: Sequence[Key], expected: Expected, now: datetime) -> dict[str, Any]:
    """The claims of a token that this provider made for us, for this login, and that is not over.

    Args:
        keys: of the provider.

    Raises:
        UnknownKeyError: it may be signed with a key that is newer than these.
        IdTokenError: it is another's, over, or not of this login.
    """
    algorithm, key = _key_of(token, keys)
    try:
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], options=_CHECKS)
    except jwt.PyJWTError as error:
        raise IdTokenError(f"its signature or form is wrong ({type(error).__name__})") from error
    _check_origin(claims, expected)
    _check_times(claims, now)
    if not _same(claims.get("nonce"), expected.nonce):
        raise IdTokenError("its nonce is not of this login")
    if "at_hash" in claims and not _same(claims["at_hash"], _half_hash(expected.access_token, algorithm)):
        raise IdTokenError("its at_hash is of another access token")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT or not subject.isprintable():
        raise IdTokenError("its sub names nobody")
    return claims


def _key_of(token: str, keys: Sequence[Key]) -> tuple[str, jwt.PyJWK]:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise IdTokenError("it is no signed JWT") from error
    algorithm = str(header.get("alg"))
    if algorithm not in HASHES:
        raise IdTokenError(f"its algorithm {algorithm!r} is not believed")
    if str(header.get("typ", "JWT")).upper() != "JWT" or _FOREIGN & header.keys():
        raise IdTokenError("its header is not that of an ID token")
    kid = header.get("kid")
    found = [key for key in keys if _may_sign(key, algorithm) and (kid is None or key.get("kid") == kid)]
    if not found:
        raise UnknownKeyError("no key of the provider could have signed it")
    if len(found) > 1:
        raise IdTokenError("it does not say which of several keys signed it")
    try:
        return algorithm, jwt.PyJWK(dict(found[0]), algorithm)
    except jwt.PyJWTError as error:
        raise IdTokenError("the key that it names cannot be used with its algorithm") from error


def _may_sign(key: Key, algorithm: str) -> bool:
    """Whether a key is one of that algorithm, as far as it says."""
    kinds = {"R": "RSA", "P": "RSA", "E": "OKP" if algorithm == "EdDSA" else "EC"}
    fits = key.get("kty") == kinds[algorithm[0]] and key.get("alg") in (None, algorithm)
    return fits and key.get("use") in (None, "sig")


def _check_origin(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise IdTokenError("another issuer made it")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or expected.client_id not in audiences:
        raise IdTokenError("it is for another client")
    party = claims.get("azp")
    if party != expected.client_id and (party is not None or len(audiences) > 1):
        raise IdTokenError("it was made for another client to show")


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    at, leeway = now.timestamp(), LEEWAY.total_seconds()
    if at >= _moment(claims, "exp") + leeway:
        raise IdTokenError("it is over")
    begins = [_moment(claims, "iat"), *([_moment(claims, "nbf")] if "nbf" in claims else [])]
    if max(begins) > at + leeway:
        raise IdTokenError("it is of the future; do both machines have the same time?")


def _moment(claims: Mapping[str, Any], name: str) -> float:
    """Seconds since 1970."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _FARTHEST:
        raise IdTokenError(f"its {name} is no moment")
    return value


def _half_hash(access_token: str, algorithm: str) -> str:
    digest = hashlib.new(HASHES[algorithm], access_token.encode()).digest()
    return base64url(digest[: len(digest) // 2])


def _same(told: object, expected: str) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode(), expected.encode())

"""Access tokens as JWTs (RFC 9068): what they say, and all that must be right before one is believed.

Best current practice of RFC 8725: one algorithm, fixed here and not read from the token; an explicit type; an
audience; keys of our own alone, whatever the header points to. No leeway: a token is good before `exp` and
dead from that very second on.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.types import Options

from control_plane.permissions import Role
from control_plane.tokens.keys import SigningKey
from recolake.errors import InvalidInputError, UnauthenticatedError
from recolake.tenancy.context import Tenant

LIFETIME = timedelta(minutes=15)
_TICKET_LIFETIME = timedelta(minutes=5)
_ALGORITHM = "EdDSA"
Kind = tuple[str, str]
"""What a token is for: the type in its header, and its audience."""
_ACCESS: Kind = ("at+jwt", "recolake:control")
TICKET: Kind = ("login+jwt", "recolake:login")
EXTERNAL_TICKET: Kind = ("external+jwt", "recolake:external")
# What would have us fetch or take a key from whoever made the token.
_FOREIGN_KEYS = {"jku", "jwk", "x5u", "x5c", "crit"}
_CHECKS: Options = {
    "require": ["iss", "aud", "sub", "iat", "exp"],
    # By the caller's clock, to the second.
    "verify_exp": False,
    "verify_iat": False,
}


@dataclass(frozen=True, slots=True)
class Claims:
    """Who the token speaks of, in which organisation, by which login."""

    person_id: str
    tenant: Tenant
    role: Role
    session_id: str


def issue(claims: Claims, key: SigningKey, issuer: str, now: datetime) -> str:
    """A token that is good for 15 minutes, while its session lives."""
    own = {"tenant": claims.tenant.name, "role": claims.role.value, "sid": claims.session_id}
    return _sign(claims.person_id, own, key, issuer, now, _ACCESS, LIFETIME)


def verify(token: str, keys: Mapping[str, Ed25519PublicKey], issuer: str, now: datetime) -> Claims:
    """What a token says, if we said it; whether its session still lives is another question.

    Raises:
        UnauthenticatedError: it is no token of ours, for another purpose, or over; why is not told.
    """
    content = _verified(token, keys, issuer, now, _ACCESS)
    try:
        return Claims(content["sub"], Tenant(content["tenant"]), Role(content["role"]), str(content["sid"]))
    except (KeyError, ValueError, InvalidInputError):
        raise _invalid() from None


def issue_ticket(
    subject: str,
    challenge: str,
    key: SigningKey,
    issuer: str,
    now: datetime,
    *,
    kind: Kind = TICKET,
    own: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """Proof that somebody said who they are within this login, while they answer a further question.

    Args:
        subject: the person; of a ticket of another kind, whom it is about.
        own: what else such a ticket holds.
    """
    return _sign(subject, {"challenge": challenge, **own}, key, issuer, now, kind, _TICKET_LIFETIME)


def verify_ticket(
    token: str,
    challenge: str,
    keys: Mapping[str, Ed25519PublicKey],
    issuer: str,
    now: datetime,
    *,
    kind: Kind = TICKET,
) -> dict[str, Any]:
    """What a ticket of this login holds; `sub` is whom it is about.

    Raises:
        UnauthenticatedError: it is no ticket of ours, of another login or kind, or over.
    """
    content = _verified(token, keys, issuer, now, kind)
    if content.get("challenge") != challenge:
        raise _invalid()
    return content


def _sign(
    subject: str,
    own: Mapping[str, Any],
    key: SigningKey,
    issuer: str,
    now: datetime,
    kind: Kind,
    lifetime: timedelta,
) -> str:
    issued = int(now.timestamp())
    content = {
        "iss": issuer,
        "aud": kind[1],
        "sub": subject,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "jti": secrets.token_hex(8),
        **own,
    }
    return jwt.encode(content, key.private, _ALGORITHM, headers={"typ": kind[0], "kid": key.kid})


def _verified(
    token: str,
    keys: Mapping[str, Ed25519PublicKey],
    issuer: str,
    now: datetime,
    kind: Kind,
) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        key = keys.get(str(header.get("kid")))
        if key is None or header.get("typ") != kind[0] or _FOREIGN_KEYS & header.keys():
            raise _invalid()
        content: dict[str, Any] = jwt.decode(
            token, key, algorithms=[_ALGORITHM], audience=kind[1], issuer=issuer, options=_CHECKS
        )
    except jwt.PyJWTError:
        raise _invalid() from None
    begin, end = content["iat"], content["exp"]
    if not (isinstance(begin, int) and isinstance(end, int) and begin - 1 <= now.timestamp() < end):
        raise _invalid()
    return content


def _invalid() -> UnauthenticatedError:
    return UnauthenticatedError(
        "This access token is not valid, or no longer.", hint="Refresh it, or log in again."
    )

"""Passwords: argon2id (RFC 9106) with the parameters of OWASP's Password Storage Cheat Sheet, 19 MiB a hash.

Hashes are made a few at a time, so that many logins at once cost a bounded amount of memory.
"""

from __future__ import annotations

import threading
from functools import lru_cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from recolake.errors import InvalidInputError

MIN_CHARACTERS = 12
MAX_CHARACTERS = 256
_AT_ONCE = threading.BoundedSemaphore(4)
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, type=Type.ID)


def hash_password(password: str) -> str:
    """The only form in which a password is stored."""
    with _AT_ONCE:
        return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether a password is the stored one. Nobody's costs the same time: who is known must not be heard."""
    with _AT_ONCE:
        try:
            return _hasher.verify(stored or _nobodys(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def check_password(password: str, *, personal: tuple[str, ...]) -> None:
    """Refuse a password that is easily guessed (NIST SP 800-63B: length counts, composition rules do not).

    Args:
        personal: words about its owner, which must not be most of it.

    Raises:
        InvalidInputError: it is too short, too long, a repetition, or mostly one of those words.
    """
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise InvalidInputError(
            f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters.",
            hint="Several words make a long one that is easy to keep in mind.",
            field="password",
        )
    lowered = password.lower()
    rest = min(len(lowered.replace(word.lower(), "") if word else lowered) for word in ("", *personal))
    if len(set(lowered)) < 5 or rest < MIN_CHARACTERS // 2:
        raise InvalidInputError(
            "This password is easily guessed.",
            hint="Take one that is no repetition, and not your address or your organisation's name.",
            field="password",
        )


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _hasher.hash("of nobody")

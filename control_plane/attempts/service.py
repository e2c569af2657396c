"""Attempts, by account and by address: each is counted before the password is looked at.

So many at once have no better chance than one after another. An address that guesses many accounts is slowed
like an account that is guessed from many addresses. IPv6 counts by /64, which is what one household has.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import UTC, datetime

from fastapi import Request
from sqlalchemy.orm import Session

from control_plane.attempts import repository
from control_plane.attempts.limits import MEMORY
from control_plane.database import Database
from control_plane.errors import TooManyAttemptsError

_FREE = {"account": 5, "address": 50, "sign-up": 20, "external": 50}


def address_of(request: Request) -> str:
    """The network that a request comes from, as the server saw it; behind a proxy, tell uvicorn of it."""
    host = request.client.host if request.client else ""
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def begin(database: Database, email: str, address: str, now: datetime | None = None) -> None:
    """Count an attempt to give a password.

    Raises:
        TooManyAttemptsError: it must not be looked at; it was not counted either.
    """
    _count(database, {"account": email, "address": address}, now or datetime.now(UTC))


def begin_sign_up(database: Database, address: str, now: datetime | None = None) -> None:
    """Count an attempt to sign up.

    Raises:
        TooManyAttemptsError: too many came from there.
    """
    _count(database, {"sign-up": address}, now or datetime.now(UTC))


def begin_external(database: Database, address: str, now: datetime | None = None) -> None:
    """Count an attempt to log in at another provider.

    Raises:
        TooManyAttemptsError: too many came from there, and did not come back logged in.
    """
    _count(database, {"external": address}, now or datetime.now(UTC))


def external_succeeded(session: Session, address: str) -> None:
    """Somebody came back logged in: the address has its attempt back."""
    repository.refund(session, _subject("external", address))


def succeeded(session: Session, email: str, address: str) -> None:
    """The password was right: the account's count begins anew, the address has its attempt back."""
    repository.forget(session, _subject("account", email))
    repository.refund(session, _subject("address", address))


def _count(database: Database, named: dict[str, str], now: datetime) -> None:
    with database.platform() as session:
        repository.forget_before(session, now - MEMORY)
        # Always in the same order, so that two never wait for each other.
        for kind, value in sorted(named.items()):
            subject = _subject(kind, value)
            known = repository.locked(session, subject, now)
            if wait := known.wait(now):
                raise TooManyAttemptsError(wait)
            repository.store(session, subject, known.with_one_more(now, _FREE[kind]))


def _subject(kind: str, value: str) -> str:
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()}"

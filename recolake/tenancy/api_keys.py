"""API keys: how one is made, recognised and looked up. Both planes authenticate with this module alone.

A key is `rk_live_` or `rk_test_`, 22 base-62 digits that hold 128 random bits, and 6 base-62 digits of a
CRC-32 over all that goes before. The checksum is no secret: it lets a mistyped key, or a secret scanner's
hit, be told without a lookup. Only the SHA-256 of a key is ever stored. A fast hash is enough for 128 random
bits, as there is nothing to guess, and looking up a digest tells nothing by its timing, as nobody can choose
digests.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from recolake.errors import ForbiddenError, UnauthenticatedError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.key_uses import KeyUses
from recolake.tenancy.snapshot_file import SnapshotFile
from recolake.tenancy.standing import Standing, TenantBarredError

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_BITS = 128
_RANDOM_DIGITS = 22  # 62^22 > 2^128
_CHECKSUM_DIGITS = 6  # 62^6 > 2^32
_LENGTH = len("rk_live_") + _RANDOM_DIGITS + _CHECKSUM_DIGITS


class Scope(StrEnum):
    """What a key may do; every route declares the one it asks for."""

    RECOMMENDATIONS_READ = "recommendations:read"
    EVENTS_WRITE = "events:write"
    ITEMS_WRITE = "items:write"
    USERS_WRITE = "users:write"
    UPLOADS_WRITE = "uploads:write"
    KEYS_WRITE = "keys:write"
    EXPERIMENTS_WRITE = "experiments:write"
    PRIVACY_WRITE = "privacy:write"
    SCENARIOS_WRITE = "scenarios:write"
    USAGE_READ = "usage:read"
    WEBHOOKS_WRITE = "webhooks:write"
    AUDIT_READ = "audit:read"


class Environment(StrEnum):
    """What a key is for, as its prefix says: a shop's customers, or somebody who tries things out."""

    LIVE = "live"
    TEST = "test"

    @property
    def prefix(self) -> str:
        return f"rk_{self}_"


PREFIXES = tuple(environment.prefix for environment in Environment)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known about a key, without the key; `expires_at` None means never; `standing`: its tenant's."""

    key_id: str
    tenant: Tenant
    scopes: frozenset[Scope]
    expires_at: datetime | None = None
    environment: Environment = Environment.LIVE
    standing: Standing = Standing.ACTIVE

    def expired(self, now: datetime) -> bool:
        """A key is good before `expires_at` and dead from that very moment on."""
        return self.expires_at is not None and now >= self.expires_at


def generate_key(
    tenant: Tenant,
    scopes: Iterable[Scope] = tuple(Scope),
    expires_at: datetime | None = None,
    environment: Environment = Environment.LIVE,
) -> tuple[str, KeyRecord]:
    """A new secret, to be shown once and forgotten, and the record to be stored under `hash_key(secret)`."""
    body = environment.prefix + _base62(secrets.randbits(_RANDOM_BITS), _RANDOM_DIGITS)
    record = KeyRecord(f"key_{secrets.token_hex(8)}", tenant, frozenset(scopes), expires_at, environment)
    return body + _checksum(body), record


def checksum_ok(text: str) -> bool:
    """Whether a text has the form of a key. False costs no lookup; True says nothing about its validity."""
    if len(text) != _LENGTH or not text.isascii() or not text.startswith(PREFIXES):
        return False
    return text[-_CHECKSUM_DIGITS:] == _checksum(text[:-_CHECKSUM_DIGITS])


def hash_key(secret: str) -> str:
    """Hex SHA-256, the only form in which keys, tokens and codes are stored: all are random enough for it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keys_snapshot(settings: Settings) -> Path:
    """JSON object of key records by SHA-256; written by the control plane alone."""
    return settings.snapshot_root / "keys.json"


def render_snapshot(records: Mapping[str, KeyRecord]) -> bytes:
    """Content of the snapshot for records by SHA-256; the same records give the same bytes."""
    rows = {
        digest: {
            "key_id": record.key_id,
            "tenant": record.tenant.name,
            "scopes": sorted(record.scopes),
            "expires_at": record.expires_at.isoformat() if record.expires_at else None,
            "environment": record.environment.value,
            # Only where it matters: a key of most tenants says nothing of it.
            **({"standing": record.standing.value} if record.standing.barred else {}),
        }
        for digest, record in records.items()
    }
    return json.dumps(rows, indent=1, sort_keys=True).encode()


def parse_snapshot(content: bytes) -> dict[str, KeyRecord]:
    """Inverse of `render_snapshot`; an unknown scope is left out, which grants less."""
    known = {scope.value for scope in Scope}
    return {
        digest: KeyRecord(
            key_id=row["key_id"],
            tenant=Tenant(row["tenant"]),
            scopes=frozenset(Scope(scope) for scope in row["scopes"] if scope in known),
            expires_at=datetime.fromisoformat(row["expires_at"]) if row["expires_at"] else None,
            environment=Environment(row.get("environment", Environment.LIVE)),
            standing=Standing(row.get("standing", Standing.ACTIVE)),
        )
        for digest, row in json.loads(content).items()
    }


class KeySnapshot:
    """The valid keys, from the snapshot file, so that a data plane needs no database to authenticate.

    The file is looked at (one `stat`) at most once a second, and for a key that is not known yet at once, and
    read again when it changed: a new key works immediately, a revoked one is dead within about a second. No
    file, no valid key; one that cannot be read or understood leaves the last good state in force. Safe to
    share between threads.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._uses = KeyUses(settings)
        self._file: SnapshotFile[dict[str, KeyRecord]] = SnapshotFile(
            keys_snapshot(settings), parse_snapshot, dict, "key_snapshot_unreadable", clock=clock
        )

    def authenticate(
        self, secret: str, scope: Scope | None = None, *, now: datetime | None = None
    ) -> KeyRecord:
        """The record of a valid key.

        Raises:
            UnauthenticatedError: malformed, unknown, revoked or expired; the answer does not tell which.
            TenantBarredError: the key is valid, but its tenant is suspended, closing or closed.
            ForbiddenError: the key is valid but lacks the scope.
        """
        record = self._find(secret, now)
        if record is None:
            raise UnauthenticatedError("This API key is not valid.", hint="Check it, or create a new one.")
        if record.standing.barred:
            raise TenantBarredError(record.standing)
        if scope is not None and scope not in record.scopes:
            raise ForbiddenError(f"This API key lacks the scope '{scope}'.", hint="Use a key that has it.")
        return record

    def lookup(self, secret: str, *, now: datetime | None = None) -> KeyRecord | None:
        """The record of a key, or None if it is malformed, unknown, revoked or expired, or its tenant is
        suspended, closing or closed."""
        record = self._find(secret, now)
        return None if record is None or record.standing.barred else record

    def _find(self, secret: str, now: datetime | None) -> KeyRecord | None:
        if not checksum_ok(secret):
            return None
        digest = hash_key(secret)
        moment = now or datetime.now(UTC)
        record = self._file.current().get(digest)
        if record is None or record.standing.barred:
            # It may be new, or let in again, since the last look.
            record = self._file.current(at_once=True).get(digest)
        if record is None or record.expired(moment):
            return None
        self._uses.note((record.tenant.name, record.key_id), moment)
        return record


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text = _ALPHABET[digit] + text
    return text


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_DIGITS)

"""Answers by `Idempotency-Key`: the first is given again, however often and to whichever process one asks.

One SQLite file a tenant, because answers have to survive `kill -9`, be found by key among millions, and be
seen by every worker at once. They are kept for two days; the API promises one.
"""

from __future__ import annotations

import errno
import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from recolake.errors import InvalidInputError, RecolakeError, ServiceUnavailableError
from recolake.files import private_folder
from recolake.tenancy.context import Tenant

KEPT_SECONDS = 2 * 86_400
_PURGE_SECONDS = 3_600
_PATIENCE_SECONDS = 5.0
_STRIPES = 64
_TABLE = """CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY, request BLOB NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL, at REAL NOT NULL
) WITHOUT ROWID"""


class KeyReusedError(InvalidInputError):
    """The key belongs to another request."""

    code = "idempotency_key_reused"


class KeyInUseError(RecolakeError):
    """The first request with the key is still being worked on."""

    code = "idempotency_key_in_use"
    status = 409


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body, as they are sent and replayed."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A request as far as replays tell it from others: what was sent to where, under which key."""

    method: str
    path: str
    body: bytes
    key: str | None

    def fingerprint(self) -> bytes:
        """The same for the same method, path and body."""
        digest = hashlib.sha256(f"{self.method} {self.path}\n".encode())
        digest.update(self.body)
        return digest.digest()


def refuse_another(known: bytes, asked: bytes) -> None:
    """Raise where a key comes with another request than it came with first.

    Raises:
        KeyReusedError: it does.
    """
    if known != asked:
        raise KeyReusedError(
            "This Idempotency-Key came with another request before.",
            hint="Take a new key for a new request.",
            field="Idempotency-Key",
        )


class Replays:
    """Remembers answers; safe to share between threads and processes.

    Args:
        folder: made if it is not there.
        now: seconds since the epoch.
    """

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        self._opening = threading.Lock()
        self._open: dict[Tenant, tuple[sqlite3.Connection, threading.Lock]] = {}
        self._purged = now()

    def answer(self, tenant: Tenant, call: Call, work: Callable[[], Answer]) -> Answer:
        """What `work` gives, or gave when the key came first. What it raises is not remembered.

        Raises:
            KeyReusedError: the key came with another request before.
            KeyInUseError: the first request is not answered yet.
            OSError: there is no room to remember the answer.
            ServiceUnavailableError: the answers cannot be read.
        """
        if call.key is None:
            return work()
        key, request = hashlib.sha256(call.key.encode()).digest(), call.fingerprint()
        with self.alone(tenant, key):
            found = self.find(tenant, key)
            if found is None:
                answer = work()
                self.keep(tenant, key, request, answer)
                return answer
        refuse_another(found[0], request)
        return found[1]

    def tend(self) -> None:
        """Forget what is too old, every hour."""
        if self._now() - self._purged < _PURGE_SECONDS:
            return
        self._purged = self._now()
        # Also of tenants that nobody asked for since the start.
        for file in sorted(self._folder.glob("*.sqlite")):
            with self._database(Tenant(file.stem)) as database:
                database.execute("DELETE FROM answers WHERE at < ?", (self._now() - KEPT_SECONDS,))

    def close(self) -> None:
        """Close the files."""
        with self._opening:
            while self._open:
                database, busy = self._open.popitem()[1]
                with busy:
                    database.close()

    @contextmanager
    def alone(self, tenant: Tenant, key: bytes) -> Iterator[None]:
        """One request a key at a time; the kill of a process leaves the key free."""
        folder = self._folder / "locks"
        private_folder(folder)
        lock = FileLock(folder / f"{tenant}-{key[0] % _STRIPES}.lock", thread_local=False, poll_interval=0.01)
        try:
            lock.acquire(timeout=_PATIENCE_SECONDS)
        except Timeout:
            raise KeyInUseError(
                "A request with this Idempotency-Key is being worked on.", hint="Send it again in a while."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def find(self, tenant: Tenant, key: bytes) -> tuple[bytes, Answer] | None:
        """Fingerprint of the request that a key came with, and its answer; None if it did not come."""
        with self._database(tenant) as database:
            row = database.execute(
                "SELECT request, status, body FROM answers WHERE key = ? AND at >= ?",
                (key, self._now() - KEPT_SECONDS),
            ).fetchone()
        return row if row is None else (row[0], Answer(row[1], row[2]))

    def keep(self, tenant: Tenant, key: bytes, request: bytes, answer: Answer) -> None:
        """Remember an answer; when this returns, it is on the disk."""
        with self._database(tenant) as database:
            database.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)",
                (key, request, answer.status, answer.body, self._now()),
            )

    @contextmanager
    def _database(self, tenant: Tenant) -> Iterator[sqlite3.Connection]:
        """The tenant's file, in a transaction that is on the disk when this ends."""
        try:
            database, busy = self._opened(tenant)
            with busy, database:
                yield database
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise OSError(errno.ENOSPC, "no room to remember the answer") from error
            raise ServiceUnavailableError(
                "Answers by Idempotency-Key cannot be read or written.",
                hint="Send it again with the same key; what was kept counts once.",
            ) from error

    def _opened(self, tenant: Tenant) -> tuple[sqlite3.Connection, threading.Lock]:
        with self._opening:
            if tenant not in self._open:
                private_folder(self._folder)
                database = sqlite3.connect(self._folder / f"{tenant}.sqlite", check_same_thread=False)
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = FULL")
                database.execute(_TABLE)
                self._open[tenant] = (database, threading.Lock())
            return self._open[tenant]

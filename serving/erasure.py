"""What the API keeps of answers as a store of an erasure (`recolake.privacy.stores`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

import orjson

from recolake.errors import ServiceUnavailableError
from recolake.privacy.certificate import Looked
from recolake.privacy.people import People
from recolake.privacy.stores import Job, Leaving

_PATIENCE_SECONDS = 30.0
_ERASED = orjson.dumps(
    {
        "type": "about:blank",
        "title": "Gone",
        "status": HTTPStatus.GONE.value,
        "code": "erased",
        "detail": "What this request brought was of somebody who was erased.",
    }
)


class ReplaysStore:
    """Answers by `Idempotency-Key`: those to statements about a person name the person."""

    name = "replays"

    def prepare(self, job: Job) -> None:
        """Nothing is under way."""

    def erase(self, job: Job) -> Iterable[Looked]:
        """Answers that name the people say `erased` from now on; the file keeps nothing of the old ones."""
        path = _file(job)
        if not path.exists():
            return [Looked(store="replays", unit="answers", found=0, note="there are none")]
        try:
            with closing(sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)) as database:
                database.execute("PRAGMA secure_delete = ON")
                keys = [key for key, _ in _naming(database, job.people)]
                for key in keys:
                    database.execute(
                        "UPDATE answers SET status = ?, body = ? WHERE key = ?",
                        (HTTPStatus.GONE.value, _ERASED, key),
                    )
                # Old pages are in the log beside the file, and free ones within it.
                database.execute("VACUUM")
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise ServiceUnavailableError(
                "Answers by Idempotency-Key cannot be read or written.",
                hint="Run `recolake privacy resume` once the API is less busy.",
            ) from error
        return [Looked(store="replays", unit="answers", found=len(keys))]

    def export(self, job: Job) -> Iterator[tuple[str, bytes]]:
        """The answers that name the person."""
        if not _file(job).exists():
            return
        with closing(sqlite3.connect(_file(job), timeout=_PATIENCE_SECONDS)) as database:
            bodies = [body for _, body in _naming(database, job.people)]
        if bodies:
            yield "replays/answers.jsonl", b"".join(body + b"\n" for body in bodies)

    def settle(self, leaving: Leaving) -> None:
        """Nothing is under way."""

    def dismiss(self, leaving: Leaving) -> Iterable[Looked]:
        """Remove the tenant's answers, of either API, with what SQLite keeps beside them."""
        root = leaving.settings.replay_root
        places = [
            folder / f"{leaving.tenant}.sqlite{more}"
            for folder in (root, root / "control")
            for more in ("", "-wal", "-shm", "-journal")
        ]
        gone = [path for path in places if path.exists()]
        for path in gone:
            path.unlink(missing_ok=True)
        return [Looked(store="replays", unit="files", found=len(gone))]


def store() -> ReplaysStore:
    """For the entry point."""
    return ReplaysStore()


def _file(job: Job) -> Path:
    return job.settings.replay_root / f"{job.tenant}.sqlite"


def _naming(database: sqlite3.Connection, people: People) -> list[tuple[bytes, bytes]]:
    """Key and body of answers that name one of the people."""
    found = []
    for key, body in database.execute("SELECT key, body FROM answers WHERE status < 300"):
        if _names(body, people):
            found.append((key, body))
    return found


def _names(body: bytes, people: People) -> bool:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    entries = [said, *said.get("results", [])] if isinstance(said, dict) else []
    return any(people.named_by(str(entry["user_id"])) for entry in entries if entry.get("user_id"))

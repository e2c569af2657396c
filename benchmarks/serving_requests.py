"""Whom to ask the recommendation API for, and the requests as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from recolake.contracts.mapping import load_mapping
from recolake.lake.engine import connect
from recolake.landing.upload import MAPPING, Source, list_uploads, upload_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_MOST_PEOPLE = 100_000


@dataclass(frozen=True, slots=True)
class Target:
    """The API and a key to it; gives requests as the bytes that go to its socket."""

    host: str
    port: int
    key: str

    def health(self) -> bytes:
        return f"GET /health HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n\r\n".encode()

    def recommend(self, body: bytes, path: str = "/v1/recommendations") -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def bodies(
    people: Sequence[str], count: int, k: int, unknown_share: float, rng: np.random.Generator
) -> list[bytes]:
    """[count] bodies: as many different people as there are, new names for the unknown ones, either
    `include_seen`."""
    known = np.resize(rng.permutation(len(people)), count).tolist()
    unknown = (rng.random(count) < unknown_share).tolist()
    again = (rng.random(count) < 0.5).tolist()
    return [
        orjson.dumps(
            {
                "user_id": f"nobody-{rng.bytes(8).hex()}" if unknown[i] else people[known[i]],
                "k": k,
                "include_seen": again[i],
            }
        )
        for i in range(count)
    ]


def zipfian(
    people: Sequence[str], count: int, k: int, rng: np.random.Generator, exponent: float = 1.0
) -> list[bytes]:
    """[count] bodies: the person of rank r is asked for in proportion to r ** -exponent (Zipf's law)."""
    shares = np.arange(1, len(people) + 1, dtype=np.float64) ** -exponent
    drawn = rng.choice(len(people), count, p=shares / shares.sum()).tolist()
    return [orjson.dumps({"user_id": people[row], "k": k}) for row in drawn]


def landed_people(settings: Settings, tenant: Tenant) -> list[str]:
    """Raw user ids in the tenant's landed files, sorted; the lake itself knows people by pseudonyms only."""
    # Imported here, so that a run with --users carries no engine.
    from spark_jobs.parse import PROBLEM
    from spark_jobs.raw import read_raw

    found: set[str] = set()
    for upload in list_uploads(settings, tenant):
        if upload.source is not Source.FILES:
            continue
        mapping = load_mapping(upload_folder(settings, upload) / MAPPING)
        if "user" not in mapping.event:
            continue
        raw = read_raw(connect(settings), settings, upload, mapping).where(f"{PROBLEM} IS NULL")
        users = raw.selectExpr(f"trim({mapping.event['user'].sql}) AS user_id").where("user_id <> ''")
        found.update(row["user_id"] for row in users.distinct().limit(_MOST_PEOPLE).collect())
    return sorted(found)


def read_people(path: Path) -> list[str]:
    """Raw user ids from a file, one a line."""
    try:
        text = path.read_text()
    except OSError as error:
        raise SystemExit(f"The file {path} cannot be read: {error.strerror}.") from error
    return sorted({line.strip() for line in text.splitlines()} - {""})

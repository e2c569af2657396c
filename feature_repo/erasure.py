"""Redis as a store of an erasure (`recolake.privacy.stores`)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import redis

from recolake.errors import ServiceUnavailableError
from recolake.features.keys import delete_keys, pattern_of, row_key, rows_of_each
from recolake.features.names import ITEM_KEY, MODEL_KEY, TENANT_KEY, USER_KEY
from recolake.features.online import features_mark, redis_client, redis_errors, vectors_mark
from recolake.privacy.certificate import Looked
from recolake.privacy.stores import Job, Leaving
from recolake.profile.keys import PARTITIONS, changed_key, deeds_key, field_of, seen_key
from recolake.profile.stream import forget
from recolake.tenancy.context import Tenant
from recolake.tenancy.namespaces import redis_prefix

_PATIENCE_SECONDS = 120.0


class OnlineStore:
    """Rows of people in Redis, and the file to which Redis appends every write."""

    name = "online"

    def prepare(self, job: Job) -> None:
        """A materialization under way is waited for by its lock."""

    def erase(self, job: Job) -> Iterable[Looked]:
        """Remove their keys, then have Redis write its file anew: it still holds how they were set."""
        with redis_errors("people were erased", "recolake privacy resume"):
            client = redis_client(job.settings)
            # From here on nobody writes what these people did before they asked.
            removed = forget(client, job.tenant, job.people.pseudonyms)
            removed += delete_keys(client, set(_keys(client, job)))
            left = sum(1 for key in _keys(client, job) if client.exists(key))
            if removed:
                client.set(features_mark(job.tenant), datetime.now(UTC).isoformat())
            _rewrite(client)
        return [
            Looked(store="redis", unit="keys", found=removed, left=left, note="append-only file rewritten")
        ]

    def export(self, job: Job) -> Iterator[tuple[str, bytes]]:
        """What Redis keeps under their keys: the same features as in the tables of gold, as Feast packs
        them."""
        client = redis_client(job.settings)
        # The client's types know only keys that are text, and answers that may have to be awaited.
        server: Any = client
        for person in sorted(job.people.pseudonyms):
            recent = [
                (name, member.decode(), at)
                for name, key in (
                    ("did", deeds_key(job.tenant, person)),
                    ("took", seen_key(job.tenant, person)),
                )
                for member, at in server.zrevrange(key, 0, -1, withscores=True)
            ]
            if recent:
                yield f"redis/recent-{person}.json", json.dumps(recent, indent=1).encode()
        found = [
            {"key": key.hex(), "fields": {name.hex(): value.hex() for name, value in fields.items()}}
            for key in sorted({*_rows(client, job)})
            if (fields := server.hgetall(key))
        ]
        if found:
            yield "redis/rows.json", json.dumps(found, indent=1).encode()

    def settle(self, leaving: Leaving) -> None:
        """A materialization under way is waited for by its lock."""

    def dismiss(self, leaving: Leaving) -> Iterable[Looked]:
        """Remove every key of the tenant, then have Redis write its file anew."""
        with redis_errors("a tenant was removed", f"recolake tenant resume {leaving.tenant}"):
            client = redis_client(leaving.settings)
            removed = delete_keys(client, set(_keys_of_tenant(client, leaving.tenant)))
            removed += _forget_changed(client, leaving.tenant)
            left = sum(1 for _ in _keys_of_tenant(client, leaving.tenant))
            _rewrite(client)
        return [
            Looked(store="redis", unit="keys", found=removed, left=left, note="append-only file rewritten")
        ]


def store() -> OnlineStore:
    """For the entry point."""
    return OnlineStore()


def _keys(client: redis.Redis, job: Job) -> Iterator[bytes]:
    """All keys under which Redis holds the people."""
    yield from _rows(client, job)
    for person in job.people.pseudonyms:
        yield deeds_key(job.tenant, person).encode()
        yield seen_key(job.tenant, person).encode()


def _rows(client: redis.Redis, job: Job) -> Iterator[bytes]:
    """Keys of the people's features, and of their vectors in every model version that Redis knows."""
    tenant = {TENANT_KEY: job.tenant.name}
    prefix = vectors_mark(job.tenant, "")
    marked = [
        mark.decode().removeprefix(prefix) for mark in client.scan_iter(match=f"{prefix}*", count=1_000)
    ]
    for person in job.people.pseudonyms:
        yield row_key({**tenant, USER_KEY: person})
        for version in marked:
            yield row_key({**tenant, MODEL_KEY: version, USER_KEY: person})
    # Vectors of versions whose marks are gone, as of a materialization that was killed.
    people = job.people.pseudonyms
    yield from rows_of_each(client, tenant, any_of=MODEL_KEY, last=USER_KEY, among=people)


def _keys_of_tenant(client: redis.Redis, tenant: Tenant) -> Iterator[bytes]:
    """All keys of a tenant: marks and profiles by their prefix, Feast's rows by their join keys."""
    yield from client.scan_iter(match=f"{redis_prefix(tenant)}*", count=1_000)
    own = {TENANT_KEY: tenant.name}
    for free in ((), (USER_KEY,), (ITEM_KEY,), (MODEL_KEY, USER_KEY), (MODEL_KEY, ITEM_KEY)):
        yield from client.scan_iter(match=pattern_of(own, *free), count=1_000)


def _forget_changed(client: redis.Redis, tenant: Tenant) -> int:
    """Take the tenant's people from the lists, common to all tenants, of those whose row is to be written."""
    server: Any = client
    removed = 0
    for partition in range(PARTITIONS):
        fields = list(server.hscan_iter(changed_key(partition), match=f"{field_of(tenant, '')}*"))
        if fields:
            removed += server.hdel(changed_key(partition), *(name for name, _ in fields))
    return removed


def _rewrite(client: Any) -> None:
    """Have the append-only file written anew, and wait for it; a server that keeps none has nothing to write.

    Raises:
        ServiceUnavailableError: it does not come to an end.
    """
    if client.info("persistence").get("aof_enabled") != 1:
        return
    try:
        client.bgrewriteaof()
    except redis.ResponseError as error:
        # Another rewrite is under way, and began before the keys were gone: this one is to follow it.
        if "in progress" not in str(error):
            raise
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        state = client.info("persistence")
        if not state.get("aof_rewrite_in_progress") and not state.get("aof_rewrite_scheduled"):
            return
        if time.monotonic() > deadline:
            raise ServiceUnavailableError(
                "Redis does not finish writing its file anew.",
                hint="See `recolake logs redis`, then run the erasure again.",
            )
        time.sleep(0.1)

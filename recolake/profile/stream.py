"""Adding deeds to what Redis keeps of people: atomic, and with no reading before the writing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import redis

from recolake.profile.deeds import MOST_RECENT, MOST_SEEN, TAKING, Deed
from recolake.profile.keys import (
    PARTITIONS,
    changed_key,
    deeds_key,
    epoch_key,
    field_of,
    partition_of,
    seen_key,
    wake_key,
)
from recolake.tenancy.context import Tenant

KEPT_SECONDS = 90 * 86_400
"""After so long without a deed the sets of a person are gone: the lake knows what was in them by then."""

Admit = Callable[[Sequence[Deed]], Sequence[Deed]]


def add_deeds(client: redis.Redis, tenant: Tenant, deeds: Sequence[Deed], admit: Admit) -> int:
    """Add deeds, all of them or none; those that are there already, and older ones than are kept, change
    nothing. Returns how many were admitted.

    Args:
        admit: leaves out the deeds of people of whom nothing is to be kept. Where somebody is forgotten in
            between, it is asked again.

    Raises:
        redis.RedisError: nothing is added, or nobody knows whether; add them again.
    """
    # The client's types know no `watch`.
    server: Any = client
    while True:
        with server.pipeline() as pipe:
            pipe.watch(epoch_key(tenant))
            admitted = admit(deeds)
            if not admitted:
                return 0
            pipe.multi()
            _queue(pipe, tenant, admitted)
            try:
                pipe.execute()
            except redis.WatchError:
                continue
            return len(admitted)


def _queue(pipe: Any, tenant: Tenant, deeds: Sequence[Deed]) -> None:
    by_person: dict[str, list[Deed]] = {}
    for deed in deeds:
        by_person.setdefault(deed.person, []).append(deed)
    partitions = set()
    for person, own in by_person.items():
        taken: dict[str, int] = {}
        for deed in own:
            if deed.type in TAKING:
                taken[deed.item] = max(deed.at, taken.get(deed.item, deed.at))
        _keep_newest(pipe, deeds_key(tenant, person), {deed.member: deed.at for deed in own}, MOST_RECENT)
        _keep_newest(pipe, seen_key(tenant, person), taken, MOST_SEEN)
        field = field_of(tenant, person)
        pipe.hincrby(changed_key(partition_of(field)), field, 1)
        partitions.add(partition_of(field))
    wake(pipe, partitions)


def _keep_newest(pipe: Any, key: str, members: dict[Any, int], most: int) -> None:
    """Of each member the latest time, of all members the newest."""
    if members:
        pipe.zadd(key, members, gt=True)
        pipe.zremrangebyrank(key, 0, -most - 1)
        pipe.expire(key, KEPT_SECONDS)


def wake(pipe: Any, partitions: Iterable[int]) -> None:
    """Have the writers of these partitions look."""
    for partition in partitions:
        pipe.lpush(wake_key(partition), 1)
        pipe.ltrim(wake_key(partition), 0, 0)


def forget(client: redis.Redis, tenant: Tenant, people: Iterable[str]) -> int:
    """Remove what is kept of people here, once a list says that nothing is to be kept of them; returns how
    many keys there were. Their rows are Feast's, and are left to the caller.
    """
    names = list(people)
    fields = [field_of(tenant, person) for person in names]
    with client.pipeline() as pipe:
        pipe.incr(epoch_key(tenant))
        for person, field in zip(names, fields, strict=True):
            pipe.unlink(deeds_key(tenant, person), seen_key(tenant, person))
            pipe.hdel(changed_key(partition_of(field)), field)
        found: list[int] = pipe.execute()
    return sum(found[1::2])


def waiting(client: redis.Redis) -> int:
    """People whose rows are older than their sets."""
    with client.pipeline(transaction=False) as pipe:
        for partition in range(PARTITIONS):
            pipe.hlen(changed_key(partition))
        return sum(pipe.execute())

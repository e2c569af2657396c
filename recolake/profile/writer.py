"""The one writer of a partition's rows: what changed in the sets of its people is pushed to Feast.

Whoever holds the partition's lease writes. A person stays listed as changed until a row that holds the change
is in Redis, so a writer that is killed anywhere is followed by one that writes again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import redis

from recolake.profile.deeds import MOST_RECENT, MOST_SEEN, Recent, recent_of
from recolake.profile.keys import (
    PARTITIONS,
    changed_key,
    deeds_key,
    epoch_key,
    lease_key,
    of_field,
    seen_key,
    wake_key,
)
from recolake.profile.stream import wake
from recolake.tenancy.context import Tenant

LEASE_SECONDS = 5.0
_RENEW_SECONDS = 1.0
_MOST_AT_ONCE = 100
_RENEW = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"
_RELEASE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"
# Done are those who did not change again since they were read; and only who still holds the lease may say so.
_DONE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do
  if redis.call('HGET', KEYS[2], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[2], ARGV[i]) end
end
return 1
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What is to stand in a person's row; nothing recent: no row."""

    tenant: Tenant
    person: str
    recent: Recent


class Writer:
    """Writes rows of the partitions that it holds; for one thread.

    Args:
        client: waits longer for an answer than `patience`.
        push: puts rows where servers read them, in place of what is there.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        client: redis.Redis,
        push: Callable[[Sequence[Row]], None],
        *,
        partitions: Sequence[int] = range(PARTITIONS),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # The client's types know only scripts whose answers are text.
        self._client: Any = client
        self._push = push
        self._partitions = partitions
        self._clock = clock
        self._name = uuid4().hex
        self._held: dict[int, float] = {}
        self._looked = -_RENEW_SECONDS

    def round(self, patience: float = 1.0) -> int:
        """Wait until somebody changed, and write; returns how many rows were written.

        Raises:
            redis.RedisError: not all were written; the next round does.
        """
        look = self._clock() - self._looked >= _RENEW_SECONDS
        if look:
            self._take_leases()
            self._looked = self._clock()
        if not self._held:
            time.sleep(patience)
            return 0
        woken = self._client.blpop([wake_key(partition) for partition in self._held], timeout=patience)
        # Nobody wakes a writer for what its predecessor left.
        return self._write() if look or woken is not None else 0

    def close(self) -> None:
        """Leave the partitions to others at once."""
        for partition in self._held:
            self._client.eval(_RELEASE, 1, lease_key(partition), self._name)
        self._held = {}

    def _take_leases(self) -> None:
        milliseconds = int(LEASE_SECONDS * 1_000)
        for partition in self._partitions:
            key, until = lease_key(partition), self._clock() + LEASE_SECONDS
            mine = bool(self._client.eval(_RENEW, 1, key, self._name, milliseconds)) or bool(
                self._client.set(key, self._name, nx=True, px=milliseconds)
            )
            if mine:
                self._held[partition] = until
            else:
                self._held.pop(partition, None)

    def _write(self) -> int:
        """Write everybody who changed, of all partitions at once: a push costs much, a row in it little."""
        written = 0
        while changed := self._some_changed():
            # A row that is late must not come after that of the next writer.
            if any(self._clock() > self._held[each] - LEASE_SECONDS / 2 for each in changed):
                self._looked = -_RENEW_SECONDS
                break
            everybody = [field for fields in changed.values() for field in fields]
            rows, epochs = self._read(everybody)
            self._push(rows)
            written += len(rows)
            if not all(self._done(each, fields, epochs) for each, fields in changed.items()):
                break
        return written

    def _some_changed(self) -> dict[int, dict[bytes, bytes]]:
        """How often people changed, by partition, of partitions where anybody did."""
        with self._client.pipeline(transaction=False) as pipe:
            for partition in self._held:
                pipe.hscan(changed_key(partition), 0, count=_MOST_AT_ONCE)
            answers = pipe.execute()
        found = {each: dict(fields) for each, (_, fields) in zip(self._held, answers, strict=True)}
        return {each: fields for each, fields in found.items() if fields}

    def _read(self, changed: Sequence[bytes]) -> tuple[list[Row], dict[Tenant, bytes | None]]:
        whose = [of_field(field.decode()) for field in changed]
        tenants = sorted({tenant for tenant, _ in whose}, key=str)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.mget([epoch_key(tenant) for tenant in tenants])
            for tenant, person in whose:
                pipe.zrevrange(deeds_key(tenant, person), 0, MOST_RECENT - 1, withscores=True)
                pipe.zrevrange(seen_key(tenant, person), 0, MOST_SEEN - 1, withscores=True)
            epochs, *found = pipe.execute()
        rows = [
            Row(tenant, person, recent_of(deeds, seen))
            for (tenant, person), deeds, seen in zip(whose, found[::2], found[1::2], strict=True)
        ]
        return rows, dict(zip(tenants, epochs, strict=True))

    def _done(
        self, partition: int, changed: Mapping[bytes, bytes], epochs: Mapping[Tenant, bytes | None]
    ) -> bool:
        """Strike people off the list; False where that was not to be, so that they are written again."""
        now = self._client.mget([epoch_key(tenant) for tenant in epochs])
        # Somebody was forgotten between the reading and the writing: their rows are to go again.
        moved = {
            tenant for (tenant, before), after in zip(epochs.items(), now, strict=True) if before != after
        }
        again = {field for field in changed if of_field(field.decode())[0] in moved}
        words = [word for field, count in changed.items() if field not in again for word in (field, count)]
        keys = (lease_key(partition), changed_key(partition))
        mine = bool(self._client.eval(_DONE, len(keys), *keys, self._name, *words))
        # A row of a lease that went to another may lie over a newer one of theirs: they write it again.
        self._list_again(partition, again if mine else set(changed))
        return mine

    def _list_again(self, partition: int, people: Collection[bytes]) -> None:
        if not people:
            return
        with self._client.pipeline() as pipe:
            for field in people:
                pipe.hincrby(changed_key(partition), field, 1)
            wake(pipe, [partition])
            pipe.execute()

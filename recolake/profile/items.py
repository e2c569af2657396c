"""What was said of items just now: which are not to be had, and what those are that no model knows.

An item is hidden while the latest statement of `available`, or that of `is_goods`, says no. Each attribute
has the value of the latest statement that names it; of two of one moment the smaller text counts, which of
`true` and `false` is the refusal. So the order of statements makes no difference, nor does repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import redis

from recolake.moments import microseconds
from recolake.profile.keys import (
    described_key,
    described_version_key,
    hidden_key,
    hidden_version_key,
    stated_key,
)
from recolake.records.kinds import Kind, Record
from recolake.tenancy.context import Tenant

_FLAGS = frozenset({"available", "is_goods"})
_PRICE = "price"
# Times stay texts within JSON: Lua would write so large a number with 14 digits.
_MERGE = """
local moved, told = 0, 0
for i = 1, #ARGV, 4 do
  local item, name, at, text = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local held = redis.call('HGET', KEYS[1], item)
  local said = held and cjson.decode(held) or {}
  local old = said[name]
  local newer = not old or tonumber(at) > tonumber(old[1])
  if newer or (tonumber(at) == tonumber(old[1]) and text < old[2]) then
    said[name] = {at, text}
    redis.call('HSET', KEYS[1], item, cjson.encode(said))
    if name == 'available' or name == 'is_goods' then
      local here, goods = said.available, said.is_goods
      if (here and here[2] == 'false') or (goods and goods[2] == 'false') then
        moved = moved + redis.call('SADD', KEYS[2], item)
      else
        moved = moved + redis.call('SREM', KEYS[2], item)
      end
    else
      redis.call('SADD', KEYS[4], item)
      told = told + 1
    end
  end
end
if moved > 0 then redis.call('INCR', KEYS[3]) end
if told > 0 then redis.call('INCR', KEYS[5]) end
return moved + told
"""


@dataclass(frozen=True, slots=True)
class Said:
    """One attribute of one item.

    Attributes:
        at: microseconds since 1970.
    """

    item: str
    name: str
    at: int
    text: str


def said_of(records: Iterable[Record], known: Callable[[str], bool]) -> list[Said]:
    """What records say of items: of those that are known, only whether they are to be had.

    Args:
        known: whether the model in service has an item, so that the next one is soon enough for the rest.
    """
    found = []
    for record in records:
        if record.kind is not Kind.ITEM:
            continue
        stated = orjson.loads(record.text)
        item, attributes = stated["item_id"], dict(stated.get("item_attributes") or {})
        if stated.get(_PRICE) is not None:
            attributes[_PRICE] = stated[_PRICE]
        at = microseconds(datetime.fromisoformat(stated["event_time"]))
        only = known(item)
        found += [
            Said(item, name, at, text)
            for name, text in sorted(attributes.items())
            if text is not None and (name in _FLAGS or not only)
        ]
    return found


def state(client: redis.Redis, tenant: Tenant, said: Sequence[Said]) -> int:
    """Take statements into account; returns how many of them changed anything that is asked for.

    Raises:
        redis.RedisError: nobody knows whether they were; state them again.
    """
    if not said:
        return 0
    # The client's types know only scripts whose answers are text.
    server: Any = client
    words = [word for each in said for word in (each.item, each.name, each.at, each.text)]
    keys = (
        stated_key(tenant),
        hidden_key(tenant),
        hidden_version_key(tenant),
        described_key(tenant),
        described_version_key(tenant),
    )
    return int(server.eval(_MERGE, len(keys), *keys, *words))


def hidden_version(client: redis.Redis, tenant: Tenant) -> int:
    """Changes whenever an item comes or goes; 0 before the first."""
    return _counter(client, hidden_version_key(tenant))


def hidden_items(client: redis.Redis, tenant: Tenant) -> tuple[int, frozenset[str]]:
    """The version, and the items that are hidden at it."""
    with client.pipeline() as pipe:
        pipe.get(hidden_version_key(tenant))
        pipe.smembers(hidden_key(tenant))
        version, items = pipe.execute()
    return int(version or 0), frozenset(item.decode() for item in items)


def described_version(client: redis.Redis, tenant: Tenant) -> int:
    """Changes whenever anything is said of an item that is not known; 0 before the first."""
    return _counter(client, described_version_key(tenant))


def described_items(client: redis.Redis, tenant: Tenant) -> tuple[int, Mapping[str, Mapping[str, str]]]:
    """The version, and the attributes of the items that were not known, at it or a little later."""
    with client.pipeline() as pipe:
        pipe.get(described_version_key(tenant))
        pipe.smembers(described_key(tenant))
        version, items = pipe.execute()
    names = sorted(items)
    server: Any = client
    held = server.hmget(stated_key(tenant), names) if names else []
    said = {item.decode(): orjson.loads(text) for item, text in zip(names, held, strict=True) if text}
    found = {
        item: {name: text for name, (_, text) in attributes.items()} for item, attributes in said.items()
    }
    return int(version or 0), found


def settle(client: redis.Redis, tenant: Tenant, items: Sequence[str]) -> None:
    """These are known by now."""
    if items:
        client.srem(described_key(tenant), *items)


def _counter(client: redis.Redis, key: str) -> int:
    found: Any = client.get(key)
    return int(found or 0)

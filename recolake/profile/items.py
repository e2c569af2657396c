"""What was said of items just now: which are not to be had, and what those are that no model knows.

An item is hidden while the latest statement of `available`, or that of `is_goods`, says no. Each attribute
has the value of the latest statement that names it; of two of one moment the smaller text counts, which of
`true` and `false` is the refusal. So the order of statements makes no difference, nor does repetition.

What the lake took in since, a file that says otherwise among it, is in the next model: statements that
arrived well before it was made count no more (`settle`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
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
from recolake.records.kinds import AVAILABILITY, Kind, Record
from recolake.tenancy.context import Tenant

_PRICE = "price"
# Times stay texts within JSON: Lua would write so large a number with 14 digits.
_MERGE = """
local moved, told, now = 0, 0, redis.call('TIME')[1]
for i = 1, #ARGV, 4 do
  local item, name, at, text = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local held = redis.call('HGET', KEYS[1], item)
  local said = held and cjson.decode(held) or {}
  local old = said[name]
  local newer = not old or tonumber(at) > tonumber(old[1])
  if newer or (tonumber(at) == tonumber(old[1]) and text < old[2]) then
    said[name] = {at, text, now}
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


_SETTLE = """
local moved = 0
for i = 2, #ARGV do
  local item, kept, any = ARGV[i], {}, false
  local held = redis.call('HGET', KEYS[1], item)
  local said = held and cjson.decode(held) or {}
  for _, name in ipairs({'available', 'is_goods'}) do
    if said[name] and tonumber(said[name][3]) >= tonumber(ARGV[1]) then
      kept[name], any = said[name], true
    end
  end
  if any then
    redis.call('HSET', KEYS[1], item, cjson.encode(kept))
  else
    redis.call('HDEL', KEYS[1], item)
  end
  local here, goods = kept.available, kept.is_goods
  if not ((here and here[2] == 'false') or (goods and goods[2] == 'false')) then
    moved = moved + redis.call('SREM', KEYS[2], item)
  end
  redis.call('SREM', KEYS[4], item)
end
if moved > 0 then redis.call('INCR', KEYS[3]) end
return moved
"""
_PIECE = 1_000


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
            if text is not None and (name in AVAILABILITY or not only)
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
    # In pieces, because the server answers nobody else meanwhile.
    pieces = (names[first : first + _PIECE] for first in range(0, len(names), _PIECE))
    held = [text for piece in pieces for text in server.hmget(stated_key(tenant), piece)]
    said = {item.decode(): orjson.loads(text) for item, text in zip(names, held, strict=True) if text}
    found = {item: {name: told[1] for name, told in attributes.items()} for item, attributes in said.items()}
    return int(version or 0), found


def settle(client: redis.Redis, tenant: Tenant, known: Container[str], before: float) -> int:
    """A model has these items: what was said of them is in it, and counts no more; returns how many are to be
    had again.

    Args:
        known: items of the model, which are to be had as far as the lake knew.
        before: seconds since 1970; what arrived earlier the lake had taken in when the model was made. Of
            what arrived later, whether an item is to be had stays.
    """
    server: Any = client
    with client.pipeline() as pipe:
        pipe.smembers(hidden_key(tenant))
        pipe.smembers(described_key(tenant))
        hidden, described = pipe.execute()
    items = sorted(item for item in hidden | described if item.decode() in known)
    keys = (stated_key(tenant), hidden_key(tenant), hidden_version_key(tenant), described_key(tenant))
    moved = 0
    for first in range(0, len(items), _PIECE):
        moved += int(server.eval(_SETTLE, len(keys), *keys, before, *items[first : first + _PIECE]))
    return moved


def _counter(client: redis.Redis, key: str) -> int:
    found: Any = client.get(key)
    return int(found or 0)

"""Items that are not to be had, known to every server with its next answer.

An item is hidden while the latest statement of `available`, or that of `is_goods`, says no. Statements carry
their time; of two of one moment the refusal counts. So their order makes no difference, nor does repetition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import redis

from recolake.moments import microseconds
from recolake.profile.keys import hidden_key, hidden_version_key, stated_key
from recolake.records.kinds import Kind, Record
from recolake.tenancy.context import Tenant

_FLAGS = ("available", "is_goods")
_NO = "false"
# Times stay texts within JSON: Lua would write so large a number with 14 digits.
_MERGE = """
local changed = 0
for i = 1, #ARGV, 4 do
  local item, flag, at, value = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local held = redis.call('HGET', KEYS[1], item)
  local said = held and cjson.decode(held) or {}
  local old = said[flag]
  local newer = not old or tonumber(at) > tonumber(old[1])
  if newer or (tonumber(at) == tonumber(old[1]) and value == 'false') then
    said[flag] = {at, value}
    redis.call('HSET', KEYS[1], item, cjson.encode(said))
    local here, goods = said.available, said.is_goods
    if (here and here[2] == 'false') or (goods and goods[2] == 'false') then
      changed = changed + redis.call('SADD', KEYS[2], item)
    else
      changed = changed + redis.call('SREM', KEYS[2], item)
    end
  end
end
if changed > 0 then redis.call('INCR', KEYS[3]) end
return changed
"""


@dataclass(frozen=True, slots=True)
class Said:
    """One flag of one item.

    Attributes:
        at: microseconds since 1970.
    """

    item: str
    flag: str
    at: int
    yes: bool


def said_of(records: Iterable[Record]) -> list[Said]:
    """What records say of items' being to be had."""
    found = []
    for record in records:
        if record.kind is not Kind.ITEM:
            continue
        stated = orjson.loads(record.text)
        attributes = stated.get("item_attributes") or {}
        at = microseconds(datetime.fromisoformat(stated["event_time"]))
        found += [
            Said(stated["item_id"], flag, at, attributes[flag] != _NO)
            for flag in _FLAGS
            if flag in attributes
        ]
    return found


def state(client: redis.Redis, tenant: Tenant, said: Sequence[Said]) -> int:
    """Take statements into account; returns how many items came or went by it.

    Raises:
        redis.RedisError: nobody knows whether they were; state them again.
    """
    if not said:
        return 0
    # The client's types know only scripts whose answers are text.
    server: Any = client
    words = [word for each in said for word in (each.item, each.flag, each.at, str(each.yes).lower())]
    keys = (stated_key(tenant), hidden_key(tenant), hidden_version_key(tenant))
    return int(server.eval(_MERGE, len(keys), *keys, *words))


def hidden_version(client: redis.Redis, tenant: Tenant) -> int:
    """Changes whenever an item comes or goes; 0 before the first."""
    found: Any = client.get(hidden_version_key(tenant))
    return int(found or 0)


def hidden_items(client: redis.Redis, tenant: Tenant) -> tuple[int, frozenset[str]]:
    """The version, and the items that are hidden at it."""
    with client.pipeline() as pipe:
        pipe.get(hidden_version_key(tenant))
        pipe.smembers(hidden_key(tenant))
        version, items = pipe.execute()
    return int(version or 0), frozenset(item.decode() for item in items)

"""Under which Redis keys Feast keeps its rows: for removing single rows, which Feast offers no way to do, and
for reading them (`rows.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, cast

import redis

from recolake.features.feast_import import load_feast
from recolake.features.names import PROJECT
from recolake.features.store import SERIALIZATION_VERSION

_GLOB_SPECIAL = re.compile(rb"([*?\[\]\\])")
_BATCH = 1_000
_LENGTH_BYTES = 4


def row_key(values: Mapping[str, str]) -> bytes:
    """Redis key of the row with these join keys and values."""
    names = tuple(sorted(values))
    return _header(names) + b"".join(_value(values[name]) for name in names) + PROJECT.encode()


def pattern_of(values: Mapping[str, str], *any_of: str) -> bytes:
    """Glob pattern of the keys with these values and whatever values of the join keys `any_of`.

    Lengths stand before values, so no value of a free key can pass for another's.
    """
    names = tuple(sorted([*values, *any_of]))
    fixed = {name: _literally(_value(values[name])) for name in values}
    parts = b"".join(fixed.get(name, b"*") for name in names)
    return _literally(_header(names)) + parts + PROJECT.encode()


def rows_of(client: redis.Redis, values: Mapping[str, str], any_of: str) -> Iterator[bytes]:
    """Every key that fits `pattern_of`. Walks through all of Redis."""
    yield from client.scan_iter(match=pattern_of(values, any_of), count=_BATCH)


def rows_of_each(
    client: redis.Redis, values: Mapping[str, str], any_of: str, last: str, among: Collection[str]
) -> Iterator[bytes]:
    """Every key with these values, one of `among` in the join key `last`, which sorts behind all others, and
    whatever value of `any_of`. Walks through all of Redis, once for them all.
    """
    endings = {_value(text) + PROJECT.encode() for text in among}
    lengths = {len(ending) for ending in endings}
    for key in client.scan_iter(match=pattern_of(values, any_of, last), count=_BATCH):
        if any(key[-length:] in endings for length in lengths):
            yield key


def drop_views(client: redis.Redis, keys: Iterable[bytes], columns: Mapping[str, Sequence[str]]) -> int:
    """Remove from rows what some views have there, by their columns; what other views have under the same
    keys stays. Returns how many rows had any of it.
    """
    fields = [field for view, names in columns.items() for field in _fields(view, names)]
    removed = 0
    # The client's types know only keys that are text.
    server: Any = client
    for batch in _batches(keys):
        with server.pipeline(transaction=False) as pipe:
            for key in batch:
                pipe.hdel(key, *fields)
            removed += sum(found > 0 for found in pipe.execute())
    return removed


def _batches(keys: Iterable[bytes]) -> Iterator[list[bytes]]:
    rest = iter(keys)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _fields(view: str, columns: Sequence[str]) -> list[bytes]:
    """Of the hash of a row, as Feast names them."""
    return [f"_ts:{view}".encode(), *(field_of(view, name) for name in columns)]


def field_of(view: str, column: str) -> bytes:
    """Name of a column in the hash of a row."""
    load_feast()
    from feast.infra.online_stores.helpers import _mmh3

    field: bytes = _mmh3(f"{view}:{column}")
    return field


def _literally(text: bytes) -> bytes:
    return _GLOB_SPECIAL.sub(rb"\\\1", text)


def delete_keys(client: redis.Redis, keys: Iterable[bytes]) -> int:
    """Remove keys; returns how many were there."""
    return sum(cast(int, client.unlink(*batch)) for batch in _batches(keys))


@cache
def _header(names: tuple[str, ...]) -> bytes:
    """How a key of these join keys begins. Cached like the next: every answer makes two keys."""
    load_feast()
    from feast.infra.key_encoding_utils import serialize_entity_key_prefix

    header: bytes = serialize_entity_key_prefix(list(names), SERIALIZATION_VERSION)
    return header


def _value(text: str) -> bytes:
    """One value as it stands in a key: of what type it is, how long, and what."""
    raw = text.encode()
    return _type_of_text() + len(raw).to_bytes(_LENGTH_BYTES, "little") + raw


@cache
def _type_of_text() -> bytes:
    """What stands before a text's length, as Feast writes it."""
    load_feast()
    from feast.infra.key_encoding_utils import serialize_entity_key
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    key = EntityKey(join_keys=["k"], entity_values=[Value(string_val="")])
    serialized: bytes = serialize_entity_key(key, entity_key_serialization_version=SERIALIZATION_VERSION)
    return serialized[len(_header(("k",))) : -_LENGTH_BYTES]

"""Rows of the online store as Feast keeps them: one HMGET a key, whatever views have columns under it.

`get_online_features` works out anew at every read what a service asks for, reads each view by itself, and
copies every value with its status and type: most of its processor time, and none of it changes between two
registries. Here that is worked out once. A test compares the two. As there, a value is given whatever its
view's `ttl`: Feast keeps to that offline alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis

from recolake.features.feast_import import load_feast
from recolake.features.keys import field_of, row_key

if TYPE_CHECKING:
    from feast import FeatureService, FeatureStore

Row = Mapping[str, Any]
"""Feast's `Value` by column; an empty one where there is none."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What is asked of one key: columns, and what they are called in its hash."""

    join_keys: tuple[str, ...]
    columns: tuple[str, ...]
    fields: tuple[bytes, ...]


class RowReader:
    """Reads some columns of some views; safe to share between threads.

    Args:
        columns: by view; no two views have one of the same name.
    """

    def __init__(self, store: FeatureStore, columns: Mapping[str, Sequence[str]]) -> None:
        load_feast()
        from feast.protos.feast.types.Value_pb2 import Value

        self._value = Value
        together: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for view, names in columns.items():
            found = store.get_feature_view(view, allow_registry_cache=True)
            own = together.setdefault(tuple(sorted(found.join_keys)), [])
            own += [(view, name) for name in names]
        self._parts = [
            _Part(keys, tuple(name for _, name in own), tuple(field_of(*each) for each in own))
            for keys, own in together.items()
        ]

    @classmethod
    def of(cls, store: FeatureStore, service: FeatureService) -> RowReader:
        """What a feature service asks for."""
        projections = service.feature_view_projections
        return cls(store, {view.name: [field.name for field in view.features] for view in projections})

    def read(self, client: redis.Redis, keys: Sequence[Mapping[str, str]]) -> list[Row]:
        """A row for each of the keys, in one round trip.

        Args:
            keys: values of all join keys, each.

        Raises:
            redis.RedisError: Redis does not answer.
        """
        return self.read_with(client, keys, ())[0]

    def read_with(
        self, client: redis.Redis, keys: Sequence[Mapping[str, str]], others: Sequence[str]
    ) -> tuple[list[Row], list[bytes | None]]:
        """The same, and in the same round trip the texts that lie under other keys."""
        # The client's types know only keys that are text.
        server: Any = client
        with server.pipeline(transaction=False) as pipe:
            for each in keys:
                for part in self._parts:
                    pipe.hmget(row_key({name: each[name] for name in part.join_keys}), part.fields)
            for key in others:
                pipe.get(key)
            answers = iter(pipe.execute())
        rows: list[Row] = [
            {
                column: self._value.FromString(held or b"")
                for part in self._parts
                for column, held in zip(part.columns, next(answers), strict=True)
            }
            for _ in keys
        ]
        return rows, list(answers)

"""Writing rows into the online store, and the marks in Redis that say what is there.

Feature rows lie under Feast's own keys. The marks lie beside them under `recolake:<tenant>:…`, so that
whatever empties Redis takes the marks as well, and the next materialization knows that it must start afresh.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import redis

from recolake.endpoints import resolve
from recolake.errors import ServiceUnavailableError
from recolake.features.keys import delete_keys, row_key, rows_of
from recolake.features.names import ITEM_KEY, MODEL_KEY, TENANT_KEY, USER_KEY, View
from recolake.features.store import online_store, registry_snapshot
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from feast import FeatureStore

_CHUNK_ROWS = 2_000
_TIMEOUT_SECONDS = 30.0
_LOOK_SECONDS = 1.0
# What a mark says while its vectors are written or removed; no checksum reads like this.
_INCOMPLETE = "incomplete"
VECTOR_KEYS = {View.USER_VECTOR: USER_KEY, View.ITEM_VECTOR: ITEM_KEY}
"""Views of vectors, and the join key beside tenant and model version."""


class PublishedRedis:
    """A client of the address that is published now; safe to share between threads.

    A platform that was started again may have another port. The address may lie in a file, so it is looked
    at once a second at most: every answer asks for the client.
    """

    def __init__(
        self, settings: Settings, timeout_seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._seconds = timeout_seconds
        self._clock = clock
        self._opened: tuple[str, redis.Redis, float] | None = None

    def client(self) -> redis.Redis:
        """The client; one at a time is kept, and it is not asked anything.

        Raises:
            ServiceUnavailableError: no address is published.
        """
        moment, opened = self._clock(), self._opened
        if opened is not None and moment - opened[2] < _LOOK_SECONDS:
            return opened[1]
        url = resolve(self._settings, "redis")
        if opened is not None and opened[0] == url:
            client = opened[1]
        else:
            client = redis.Redis.from_url(
                url, socket_timeout=self._seconds, socket_connect_timeout=self._seconds, retry=None
            )
        self._opened = (url, client, moment)
        return client


def redis_client(settings: Settings, timeout_seconds: float = _TIMEOUT_SECONDS) -> redis.Redis:
    """A client of the platform's Redis.

    Raises:
        ServiceUnavailableError: Redis is not configured, or does not answer.
    """
    url = resolve(settings, "redis")
    client = redis.Redis.from_url(url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds)
    try:
        client.ping()
    except redis.RedisError as error:
        raise ServiceUnavailableError(
            "Redis does not answer.", hint="See `recolake status` and `recolake logs redis`."
        ) from error
    return client


def features_mark(tenant: Tenant) -> str:
    """Key of the ISO time at which the tenant's online features last changed; servers watch it."""
    return f"recolake:{tenant}:features"


def watermark_key(tenant: Tenant) -> str:
    """Key of what materialization has brought to Redis so far; private to it."""
    return f"recolake:{tenant}:materialized"


def vectors_mark(tenant: Tenant, model_version: str) -> str:
    """Key of the checksum of the model whose vectors lie in Redis under this version's name."""
    return f"recolake:{tenant}:vectors:{model_version}"


def vectors_ready(client: redis.Redis, tenant: Tenant, version: str, checksum: str) -> bool:
    """Whether all vectors of exactly this model are in Redis.

    A version's name alone would not tell: a registry that lost its database gives the same name again.

    Args:
        checksum: `Artifact.users_checksum` of the model.
    """
    return bool(client.get(vectors_mark(tenant, version)) == checksum.encode())


def write_rows(store: FeatureStore, view: View, rows: pa.Table) -> int:
    """Put rows into a view, over whatever is there under their keys.

    `rows` has the view's join keys, features and timestamp columns; more columns do no harm.
    Returns the number of rows written.
    """
    for start in range(0, rows.num_rows, _CHUNK_ROWS):
        store.write_to_online_store(view.value, df=rows.slice(start, _CHUNK_ROWS).to_pandas())
    return int(rows.num_rows)


def write_vectors(
    settings: Settings, tenant: Tenant, version: str, checksum: str, vectors: Mapping[View, pa.Table]
) -> bool:
    """Put all vectors of one model into Redis in place of what is there under its version, then mark them.

    Args:
        checksum: `Artifact.users_checksum` of the model.
        vectors: by view; `user_id` (pseudonym) or `item_id`, `vector` (list of float), `event_timestamp`.

    Returns:
        False, having done nothing, while the feature registry does not know these views: the next
        materialization brings them from Delta.
    """
    if not registry_snapshot(settings).exists():
        return False
    store = online_store(settings, _TIMEOUT_SECONDS)
    if not vectors.keys() <= {view.name for view in store.list_batch_feature_views()}:
        return False
    client, mark = redis_client(settings), vectors_mark(tenant, version)
    before = client.get(mark)
    if before != checksum.encode():
        client.set(mark, _INCOMPLETE)
    fixed = {TENANT_KEY: tenant.name, MODEL_KEY: version}
    for view, rows in vectors.items():
        write_rows(store, view, _with_constants(rows, fixed))
        if before is not None:
            key = VECTOR_KEYS[view]
            kept = {row_key({**fixed, key: value}) for value in rows.column(key).to_pylist()}
            delete_keys(client, (found for found in rows_of(client, fixed, any_of=key) if found not in kept))
    client.set(mark, checksum)
    return True


def drop_vectors(client: redis.Redis, tenant: Tenant, version: str) -> int:
    """Remove all vectors of a version, their mark last; returns how many there were."""
    mark = vectors_mark(tenant, version)
    client.set(mark, _INCOMPLETE)
    fixed = {TENANT_KEY: tenant.name, MODEL_KEY: version}
    removed = sum(delete_keys(client, rows_of(client, fixed, any_of=key)) for key in VECTOR_KEYS.values())
    client.delete(mark)
    return removed


@contextmanager
def redis_errors(work: str, again: str) -> Iterator[None]:
    """A Redis that falls silent in the middle is the operator's concern, not a crash.

    Args:
        work: what was going on ("features were written"), for the message.
        again: the command that completes it.

    Raises:
        ServiceUnavailableError: in place of the client's error about a connection.
    """
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise ServiceUnavailableError(
            f"Redis stopped answering while {work}.",
            hint=f"Nothing is lost: see `recolake status`, then run `{again}` again.",
        ) from error


def _with_constants(rows: pa.Table, values: Mapping[str, str]) -> pa.Table:
    for name, value in values.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows

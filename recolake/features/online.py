"""Writing rows into the online store, and the marks in Redis that say what is there.

Feature rows lie under Feast's own keys. The marks lie beside them under `recolake:<tenant>:…`, so that
whatever empties Redis takes the marks as well, and the next materialization knows that it must start afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import redis

from recolake.endpoints import resolve
from recolake.errors import ServiceUnavailableError
from recolake.features.names import MODEL_KEY, TENANT_KEY, View
from recolake.features.store import online_store, registry_snapshot
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from feast import FeatureStore

_CHUNK_ROWS = 2_000
_TIMEOUT_SECONDS = 30.0


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
    """Key that exists once all user vectors of a model version are in Redis."""
    return f"recolake:{tenant}:vectors:{model_version}"


def write_rows(
    store: FeatureStore, view: View, rows: pa.Table, progress: Callable[[int], None] | None = None
) -> int:
    """Put rows into a view, over whatever is there under their keys.

    `rows` has the view's join keys, features and timestamp columns; more columns do no harm.
    Returns the number of rows written.
    """
    for start in range(0, rows.num_rows, _CHUNK_ROWS):
        chunk = rows.slice(start, _CHUNK_ROWS)
        store.write_to_online_store(view.value, df=chunk.to_pandas())
        if progress:
            progress(start + chunk.num_rows)
    return int(rows.num_rows)


def write_user_vectors(settings: Settings, tenant: Tenant, model_version: str, rows: pa.Table) -> bool:
    """Put the user vectors of one model version into Redis, then mark them complete.

    `rows` has `user_id` (pseudonym), `vector` (list of float) and `event_timestamp`. Returns False, having
    done nothing, while there is no feature registry: the next materialization brings them from Delta.
    """
    if not registry_snapshot(settings).exists():
        return False
    client = redis_client(settings)
    keys: Sequence[tuple[str, str]] = ((TENANT_KEY, tenant.name), (MODEL_KEY, model_version))
    for name, value in keys:
        if name in rows.column_names:
            rows = rows.drop_columns([name])
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    write_rows(online_store(settings, _TIMEOUT_SECONDS), View.USER_VECTOR, rows)
    client.set(vectors_mark(tenant, model_version), rows.num_rows)
    return True

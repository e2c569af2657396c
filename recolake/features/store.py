"""The feature store, for those who have the whole platform and for a server that has only files and Redis.

`feature_repo/feature_store.yaml` says the same for Feast's own command line; a test compares the two.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from recolake.endpoints import postgres_database, resolve
from recolake.errors import InvalidInputError, ServiceUnavailableError
from recolake.features.feast_import import hush, load_feast
from recolake.features.names import PROJECT
from recolake.settings import Settings

if TYPE_CHECKING:
    from feast import FeatureStore

SERIALIZATION_VERSION = 3
_WRITE_TIMEOUT_SECONDS = 30.0


def registry_snapshot(settings: Settings) -> Path:
    """Feast's registry as a file, for the data plane; `feature_repo.materialize` writes it."""
    return settings.snapshot_root / "feast_registry.db"


def registry_url(settings: Settings) -> str:
    """Feast's SQL registry, as SQLAlchemy wants it."""
    return postgres_database(settings, "feast").replace("postgresql://", "postgresql+psycopg://", 1)


def redis_connection_string(settings: Settings, **options: Any) -> str:
    """`host:port,db=…` as Feast wants it, from the platform's redis:// or rediss:// URL.

    Options in the URL's query (`?ssl_cert_reqs=none`) stay, but for those that `options` gives as well.

    Raises:
        InvalidInputError: it is no such URL, or user, password or an option holds a comma, which this form
            cannot express.
    """
    try:
        found: dict[str, Any] = redis.connection.parse_url(resolve(settings, "redis"))  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise InvalidInputError(f"RECOLAKE_REDIS_URL cannot be read: {error}") from error
    if "path" in found:
        raise InvalidInputError(
            "RECOLAKE_REDIS_URL names a Unix socket, which Feast cannot use.",
            hint="Use redis://host:port/db.",
        )
    address = f"{found.pop('host', 'localhost')}:{found.pop('port', 6379)}"
    tls = {"ssl": True} if found.pop("connection_class", None) is redis.SSLConnection else {}
    texts = {name: json.dumps(value) for name, value in ({"db": 0} | tls | found | options).items()}
    if spoilt := [name for name, text in texts.items() if "," in text]:
        raise InvalidInputError(
            f"The Redis {spoilt[0]} holds a comma, which Feast takes for the next option.",
            hint="Choose another.",
        )
    return ",".join([address, *(f"{name}={text}" for name, text in texts.items())])


def offline_config(settings: Settings) -> dict[str, Any]:
    """Spark for history, Redis online, the registry in PostgreSQL."""
    return {
        "project": PROJECT,
        "provider": "local",
        "registry": {"registry_type": "sql", "path": registry_url(settings), "cache_ttl_seconds": 60},
        "offline_store": {"type": "spark"},
        "online_store": {
            "type": "redis",
            # Late data changes the state after a day, not its date: the same date must not be skipped.
            "skip_dedup": True,
            "connection_string": redis_connection_string(settings, socket_timeout=_WRITE_TIMEOUT_SECONDS),
        },
        "entity_key_serialization_version": SERIALIZATION_VERSION,
    }


def online_config(settings: Settings, timeout_seconds: float) -> dict[str, Any]:
    """Redis and a registry file. No retries: the caller has a deadline, and a fallback."""
    options = {"socket_timeout": timeout_seconds, "socket_connect_timeout": timeout_seconds, "retry": None}
    path = str(registry_snapshot(settings))
    return {
        "project": PROJECT,
        "provider": "local",
        # A file is read again when it changes, not after a time.
        "registry": {"registry_type": "file", "path": path, "cache_ttl_seconds": 0},
        "offline_store": "file",
        "online_store": {
            "type": "redis",
            "skip_dedup": True,
            "connection_string": redis_connection_string(settings, **options),
        },
        "entity_key_serialization_version": SERIALIZATION_VERSION,
    }


def offline_store(settings: Settings) -> FeatureStore:
    """A feature store for pipelines and notebooks: history through the warm engine, writes to Redis.

    Raises:
        ServiceUnavailableError: Spark, Redis or PostgreSQL is neither configured nor started.
    """
    from recolake.lake.engine import connect

    connect(settings)  # Feast takes the process's session; it must be the engine's.
    return _store(offline_config(settings))


def online_store(settings: Settings, timeout_seconds: float = 0.05) -> FeatureStore:
    """A feature store of online features alone: no Spark, no PyTorch, no connection to PostgreSQL.

    Raises:
        ServiceUnavailableError: Redis is not configured, or nobody published the registry yet.
    """
    if not registry_snapshot(settings).exists():
        # Feast would create an empty registry here, and serve nothing from it for ever after.
        raise ServiceUnavailableError(
            "There is no snapshot of the feature registry yet.", hint="Run `recolake materialize` once."
        )
    return _store(online_config(settings, timeout_seconds))


def _store(config: dict[str, Any]) -> FeatureStore:
    feast = load_feast()
    built = feast.RepoConfig(**config)
    hush()
    return feast.FeatureStore(config=built)

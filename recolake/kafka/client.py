"""How clients reach the brokers."""

from __future__ import annotations

from recolake.endpoints import read_endpoints, resolve
from recolake.settings import Settings

_SCHEME = "kafka://"


def bootstrap_servers(settings: Settings) -> str:
    """`host:port[,host:port]`, as Kafka's clients take it.

    Raises:
        ServiceUnavailableError: Kafka is neither configured nor started.
    """
    return resolve(settings, "kafka").removeprefix(_SCHEME).rstrip("/")


def is_configured(settings: Settings) -> bool:
    """Whether there is a Kafka to read from: it is off unless somebody wants it."""
    return bool(settings.kafka_url or read_endpoints(settings).get("kafka"))


def client_options(settings: Settings) -> dict[str, str | int | float | bool]:
    """Options of every client of librdkafka."""
    return {
        "bootstrap.servers": bootstrap_servers(settings),
        "client.id": "recolake",
        # What goes wrong is raised or told; librdkafka would also write it to standard error.
        "log_level": 2,
    }

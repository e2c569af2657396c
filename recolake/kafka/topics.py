"""The topics, each named here alone, and how they are made."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from recolake.errors import ServiceUnavailableError
from recolake.kafka.client import bootstrap_servers, client_options
from recolake.records.kinds import Kind
from recolake.settings import Settings

TOPICS: Mapping[str, Kind] = {
    "recolake.events": Kind.EVENT,
    "recolake.items": Kind.ITEM,
    "recolake.users": Kind.USER,
}
"""Where whoever may speak for tenants sends what they would send to the API; a message is one record."""
ACKNOWLEDGED = "recolake.acknowledged"
"""Where the API puts what it took, if it is to be acknowledged by Kafka: a message is one request."""
ALL = (*TOPICS, ACKNOWLEDGED)
LARGEST_MESSAGE = 1 << 20
"""Bytes of a message that is one record; what is larger is quarantined."""
LARGEST_REQUEST = 32 << 20
_SECONDS = 20.0


def ensure_topics(settings: Settings, *, partitions: int = 4, replication: int = 1) -> list[str]:
    """Make the topics that are not there; gives their names. Those that are there stay as they are.

    Raises:
        ServiceUnavailableError: Kafka does not answer, or refuses.
    """
    admin = AdminClient(client_options(settings))
    wanted = [
        NewTopic(
            name,
            num_partitions=partitions,
            replication_factor=replication,
            config={"max.message.bytes": str(LARGEST_REQUEST)},
        )
        for name in ALL
    ]
    made = []
    try:
        for name, future in admin.create_topics(wanted, request_timeout=_SECONDS).items():
            try:
                future.result(_SECONDS)
                made.append(name)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
    except (KafkaException, TimeoutError) as error:
        raise ServiceUnavailableError(
            f"Topics could not be made on {bootstrap_servers(settings)}: {error}",
            hint="See `recolake status` and `recolake logs kafka`.",
        ) from error
    return made

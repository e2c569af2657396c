"""How far the stream into bronze has come, as its checkpoint says, and how far behind that leaves it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from recolake.errors import ServiceUnavailableError
from recolake.kafka.client import bootstrap_servers, client_options
from recolake.kafka.topics import ALL
from recolake.settings import Settings

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Lag:
    """One partition: messages up to `done` are in bronze, up to `end` there are some.

    `lost` were dropped by Kafka before they were read: it keeps them for so long only.
    """

    topic: str
    partition: int
    done: int
    first: int
    end: int

    @property
    def behind(self) -> int:
        """Messages that wait."""
        return max(self.end - max(self.done, self.first), 0)

    @property
    def lost(self) -> int:
        return max(self.first - self.done, 0)


def checkpoint(settings: Settings) -> Path:
    """Spark's own folder: offsets of batches that were begun, and which of them are done."""
    return settings.stream_root / "kafka" / "checkpoint"


def done_offsets(folder: Path) -> dict[tuple[str, int], int]:
    """By topic and partition the offset behind the last message that is done; nothing before the first batch.

    Format: Spark 4.1, `CommitLog` and `OffsetSeqLog`, version 1: the last line is the source's JSON.
    """
    done = _batches(folder / "commits") & _batches(folder / "offsets")
    if not done:
        return {}
    *_, line = (folder / "offsets" / str(max(done))).read_text().splitlines()
    return {
        (topic, int(partition)): offset
        for topic, offsets in json.loads(line).items()
        for partition, offset in offsets.items()
    }


def forget_unfinished(folder: Path) -> None:
    """Let the stream begin behind the last batch that is done, and plan what comes then anew.

    Spark would repeat the very batch that was begun; but in 4.1.1 a stream that starts with such a one always
    ends in a NullPointerException (SPARK-55271), before it writes that the batch is done.
    """
    logs = [folder / "offsets", folder / "commits"]
    begun, done = map(_batches, logs)
    last = max(begun & done, default=-1)
    for log in logs:
        for batch in _batches(log):
            if batch > last:
                (log / f".{batch}.crc").unlink(missing_ok=True)
                (log / str(batch)).unlink(missing_ok=True)


def _batches(log: Path) -> set[int]:
    return {int(path.name) for path in log.glob("[0-9]*") if path.name.isdecimal()}


def measure_lag(settings: Settings) -> list[Lag]:
    """Every partition of every topic that is there, in order.

    Raises:
        ServiceUnavailableError: Kafka does not answer.
    """
    done = done_offsets(checkpoint(settings))
    try:
        admin = AdminClient(client_options(settings))
        topics = admin.list_topics(timeout=_SECONDS).topics
        places = [
            (name, number) for name in ALL if name in topics for number in sorted(topics[name].partitions)
        ]
        first, end = (_offsets(admin, places, spec) for spec in (OffsetSpec.earliest(), OffsetSpec.latest()))
    except KafkaException as error:
        raise ServiceUnavailableError(
            f"Kafka at {bootstrap_servers(settings)} does not answer: {error.args[0].str()}",
            hint="See `recolake status` and `recolake logs kafka`.",
        ) from error
    return [Lag(*place, done.get(place, 0), first[place], end[place]) for place in places]


def _offsets(
    admin: AdminClient, places: list[tuple[str, int]], spec: OffsetSpec
) -> dict[tuple[str, int], int]:
    asked = {TopicPartition(*place): spec for place in places}
    if not asked:
        return {}
    answers = admin.list_offsets(asked, request_timeout=_SECONDS)
    return {(at.topic, at.partition): future.result().offset for at, future in answers.items()}

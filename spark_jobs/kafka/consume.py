"""From Kafka to bronze by Spark Structured Streaming: its checkpoint says which messages are done."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from recolake.errors import ServiceUnavailableError
from recolake.kafka.client import bootstrap_servers
from recolake.kafka.topics import ALL, ensure_topics
from recolake.lake.engine import connect, engine_errors
from recolake.settings import Settings
from spark_jobs.kafka.batch import BatchReport, folder_of, reports_folder, work_on

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery

_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 5.0
_MOST_A_BATCH = 200_000
Progress = Callable[[str], None]


@dataclass
class Consumed:
    """What came through: rows by outcome, and by tenant why its uploads were not ingested."""

    batches: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    restarts: int = 0


class ConsumerBusyError(ServiceUnavailableError):
    """Another process reads from Kafka already."""

    code = "consumer_busy"


def consume(settings: Settings, seconds: float | None, progress: Progress | None = None) -> Consumed:
    """Bring messages into bronze: for so long, or (None) those that are there now.

    Raises:
        ConsumerBusyError: another process does this.
        ServiceUnavailableError: the engine or Kafka does not answer; nothing is lost.
    """
    settings.run_root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.run_root / "consume-kafka.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConsumerBusyError(
            "Another process brings Kafka's messages into bronze.", hint="Leave it to that one."
        ) from error
    try:
        with engine_errors("messages were brought into bronze", "recolake kafka consume"):
            return _consume(settings, seconds, progress or (lambda _: None))
    finally:
        lock.release()


def _consume(settings: Settings, seconds: float | None, say: Progress) -> Consumed:
    ensure_topics(settings)
    reports_folder(settings).mkdir(parents=True, exist_ok=True)
    done = Consumed()
    until = None if seconds is None else time.monotonic() + seconds
    spark = connect(settings)
    query = _start(spark, settings, once=seconds is None)
    try:
        while True:
            ended = query.awaitTermination(_POLL_SECONDS)
            _read_reports(settings, done, say)
            if ended and until is None:
                return done
            if until is not None and time.monotonic() >= until:
                return done
    finally:
        query.stop()


def _start(spark: SparkSession, settings: Settings, *, once: bool) -> StreamingQuery:
    def batch(frame: DataFrame, number: int) -> None:
        work_on(frame, number, settings)

    messages = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap_servers(settings))
        .option("subscribe", ",".join(ALL))
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", _MOST_A_BATCH)
        # What Kafka has dropped meanwhile cannot be had by waiting; `recolake kafka lag` tells of it.
        .option("failOnDataLoss", "false")
        .load()
    )
    writer = messages.writeStream.foreachBatch(batch).option("checkpointLocation", str(checkpoint(settings)))
    trigger = writer.trigger(availableNow=True) if once else writer.trigger(processingTime="1 second")
    return trigger.start()


def checkpoint(settings: Settings) -> Path:
    return folder_of(settings) / "checkpoint"


def _read_reports(settings: Settings, done: Consumed, say: Progress) -> None:
    for path in sorted(reports_folder(settings).glob("*.json")):
        report = BatchReport(**json.loads(path.read_bytes()))
        path.unlink()
        done.batches += 1
        done.rows.update(
            messages=report.lines,
            accepted=report.accepted,
            repeats=report.repeats,
            quarantined=report.quarantined,
        )
        done.failed |= report.failed
        say(
            f"batch {report.batch}: {report.lines} records, {report.refused} of them refused, "
            f"in {len(report.uploads)} uploads"
        )

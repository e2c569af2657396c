"""From Kafka to bronze by Spark Structured Streaming: its checkpoint says which messages are done."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from pyspark.errors import PySparkException
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_exponential

from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.kafka.client import bootstrap_servers
from recolake.kafka.position import checkpoint, forget_unfinished
from recolake.kafka.topics import ALL, ensure_topics
from recolake.lake.engine import connect, engine_errors
from recolake.settings import Settings
from spark_jobs.kafka.batch import BatchReport, reports_folder, work_on

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery
    from pyspark.sql.streaming.readwriter import DataStreamWriter

_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 5.0
_STARTS = 8
_MOST_A_BATCH = 200_000
Progress = Callable[[str], None]


@dataclass
class Consumed:
    """What came through: records by outcome, by tenant why uploads were not ingested, and what went wrong."""

    batches: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


class ConsumerBusyError(RecolakeError):
    """Another process brings messages into bronze already."""

    code = "consumer_busy"
    status = 409


class StreamFailedError(ServiceUnavailableError):
    """The stream ended before it was through; the next one goes on where it was."""

    code = "stream_failed"


class Consumer:
    """The stream, while it is entered. One process at a time has it.

    Args:
        once: it ends when it has taken what is there now.
    """

    def __init__(self, settings: Settings, progress: Progress | None = None, *, once: bool = False) -> None:
        self._settings = settings
        self._say = progress or (lambda _: None)
        self._once = once
        self._lock = FileLock(settings.run_root / "consume-kafka.lock")
        self._query: StreamingQuery | None = None
        self._restart_at = 0.0
        self.done = Consumed()

    def __enter__(self) -> Consumer:
        """Start the stream.

        Raises:
            ConsumerBusyError: another process has it.
            ServiceUnavailableError: Kafka or the engine does not answer.
        """
        self._settings.run_root.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise ConsumerBusyError(
                "Another process brings Kafka's messages into bronze.", hint="Leave it to that one."
            ) from error
        try:
            ensure_topics(self._settings)
            reports_folder(self._settings).mkdir(parents=True, exist_ok=True)
            self._query = self._start()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # Where something went wrong already, the engine may be gone.
            with suppress(PySparkException) if error is not None else nullcontext():
                if self._query is not None:
                    self._query.stop()
        finally:
            self._lock.release()

    def look(self) -> bool:
        """Read what was done; whether the stream is through (`once`).

        Otherwise a stream that ended, with its engine or without, is started again a while later.

        Raises:
            StreamFailedError: it ended before it was through (`once`).
        """
        ended, trouble = self._state()
        self._read_reports()
        if trouble is not None:
            self._query = None
            self._postpone(trouble)
            if self._once:
                raise StreamFailedError(
                    f"The stream ended: {self.done.troubles[-1]}",
                    hint="Nothing is lost: see `recolake logs spark`, then run it again.",
                ) from trouble
        elif ended and self._once:
            return True
        if ended and time.monotonic() >= self._restart_at:
            try:
                self._query = self._start()
            except (ServiceUnavailableError, PySparkException) as error:
                self._postpone(error)
        return False

    def _state(self) -> tuple[bool, Exception | None]:
        """Whether the stream has ended, and by what."""
        if self._query is None:
            return True, None
        try:
            return (False, None) if self._query.isActive else (True, self._query.exception())
        except PySparkException as error:
            return True, error

    def _postpone(self, trouble: Exception) -> None:
        self._restart_at = time.monotonic() + _PAUSE_SECONDS
        what = str(trouble).partition("\n")[0]
        if self.done.troubles[-1:] != [what]:
            self.done.troubles.append(what)
            self._say(f"the stream ended: {what}")

    def _start(self) -> StreamingQuery:
        settings = self._settings
        forget_unfinished(checkpoint(settings))

        def batch(frame: DataFrame, number: int) -> None:
            work_on(frame, number, settings)

        messages = (
            connect(settings)
            .readStream.format("kafka")
            .option("kafka.bootstrap.servers", bootstrap_servers(settings))
            .option("subscribe", ",".join(ALL))
            .option("startingOffsets", "earliest")
            .option("maxOffsetsPerTrigger", _MOST_A_BATCH)
            # What Kafka has dropped meanwhile cannot be had by waiting; `recolake kafka lag` tells of it.
            .option("failOnDataLoss", "false")
            .load()
        )
        writer = messages.writeStream.foreachBatch(batch)
        writer = writer.option("checkpointLocation", str(checkpoint(settings)))
        if self._once:
            return _started(writer.trigger(availableNow=True))
        return _started(writer.trigger(processingTime="1 second"))

    def _read_reports(self) -> None:
        for path in sorted(reports_folder(self._settings).glob("*.json")):
            report = BatchReport(**json.loads(path.read_bytes()))
            path.unlink()
            self.done.batches += 1
            self.done.rows.update(
                records=report.lines,
                accepted=report.accepted,
                repeats=report.repeats,
                quarantined=report.quarantined,
            )
            self.done.failed |= report.failed
            self._say(
                f"batch {report.batch}: {report.lines} records, {report.refused} of them refused, "
                f"in {len(report.uploads)} uploads"
            )


def _too_slow(error: BaseException) -> bool:
    """The engine gives a Python process that is to work on batches ten seconds to start, and no more.

    One that is late ends by itself a while later. So pauses grow: more of them would make each slower yet.
    """
    return isinstance(error, PySparkException) and "failed to connect back" in str(error)


@retry(
    retry=retry_if_exception(_too_slow),
    stop=stop_after_attempt(_STARTS),
    wait=wait_exponential(min=2, max=60),
    reraise=True,
)
def _started(writer: DataStreamWriter) -> StreamingQuery:
    return writer.start()


def consume(settings: Settings, seconds: float | None, progress: Progress | None = None) -> Consumed:
    """Bring messages into bronze: for so long, or (None) those that are there now.

    Raises:
        ConsumerBusyError: another process does this.
        ServiceUnavailableError: the engine or Kafka does not answer; nothing is lost.
    """
    until = time.monotonic() + (seconds or 0.0)
    with (
        engine_errors("messages were brought into bronze", "recolake kafka consume"),
        Consumer(settings, progress, once=seconds is None) as consumer,
    ):
        while not consumer.look():
            if seconds is not None and time.monotonic() >= until:
                break
            time.sleep(_POLL_SECONDS)
    return consumer.done

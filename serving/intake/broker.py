"""Acknowledged by Kafka, where that is asked for; while it does not answer, the spool takes its place."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from typing import Any

import structlog
from confluent_kafka import KafkaException, Producer

from recolake.errors import ServiceUnavailableError
from recolake.kafka.client import client_options
from recolake.kafka.topics import ACKNOWLEDGED, LARGEST_REQUEST
from recolake.records.kinds import Record
from recolake.settings import Settings
from recolake.spool.frames import Frame, encode
from recolake.spool.spool import Spool
from recolake.tenancy.context import Tenant
from serving.breaker import Breaker
from serving.intake.desk import Keeper, counted
from serving.metrics import Metrics

_log = structlog.get_logger(__name__)
_PATIENCE_SECONDS = 2.0
_POLL_SECONDS = 0.2


def keeper_of(settings: Settings, metrics: Metrics) -> Keeper:
    """What these settings ask for."""
    spool = Spool(settings.spool_root, sync=counted(metrics))
    return Broker(settings, spool, metrics) if settings.acknowledge_by == "kafka" else spool


class Broker:
    """Puts each request into Kafka as one message, so that what is kept of it is kept together.

    What Kafka does not take in two seconds goes into the spool. It may be in both then, and counts once, as
    its identity is its content. Safe to share between threads.
    """

    def __init__(self, settings: Settings, spool: Spool, metrics: Metrics) -> None:
        self._settings, self._spool, self._metrics = settings, spool, metrics
        self._breaker = Breaker(failures=1, cooldown_seconds=5.0)
        self._opening = threading.Lock()
        self._producer: Producer | None = None
        self._closing = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="kafka", daemon=True)

    def store(self, tenant: Tenant, records: Sequence[Record]) -> None:
        """Keep records, all of them or none; when this returns, a broker or this machine's disk has them.

        Raises:
            OSError: neither took them, or nobody knows whether; send them again.
        """
        if not records:
            return
        if self._breaker.allow():
            try:
                self._send(tenant, encode(Frame(tenant, records)))
            except (KafkaException, ServiceUnavailableError, BufferError, queue.Empty) as error:
                self._breaker.failed()
                self._metrics.broker_failures.inc()
                _log.warning("kafka_did_not_take", reason=str(error) or type(error).__name__)
            else:
                self._breaker.succeeded()
                return
        self._spool.store(tenant, records)

    def _send(self, tenant: Tenant, line: bytes) -> None:
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._open().produce(ACKNOWLEDGED, line, tenant.name, on_delivery=lambda error, _: answers.put(error))
        error = answers.get(timeout=2 * _PATIENCE_SECONDS)
        if error is not None:
            raise KafkaException(error)

    def _open(self) -> Producer:
        """The producer; made when it is first needed, as an address may be known only then."""
        with self._opening:
            if self._producer is None:
                options = client_options(self._settings) | {
                    "acks": "all",
                    "enable.idempotence": True,
                    "linger.ms": 2,
                    "delivery.timeout.ms": int(_PATIENCE_SECONDS * 1_000),
                    "message.max.bytes": LARGEST_REQUEST,
                }
                self._producer = Producer(options)
                self._poller.start()
            return self._producer

    def _poll(self) -> None:
        """Have the client call back those who wait."""
        producer = self._producer
        while producer is not None and not self._closing.is_set():
            producer.poll(_POLL_SECONDS)

    def tend(self) -> None:
        """Seal what of the spool is old enough to be shipped."""
        self._spool.tend()

    def close(self) -> None:
        """Nobody waits any more, so nothing is under way."""
        self._closing.set()
        if self._poller.is_alive():
            self._poller.join()
        self._spool.close()

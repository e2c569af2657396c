"""An HTTP load generator: open loop (requests leave on schedule, however late the answers to earlier ones
are), or closed (so many clients, each of which waits for its answer).

One thread, keep-alive connections, bytes that were made before: little enough work for the generator to share
two cores with what it measures.
"""

from __future__ import annotations

import asyncio
import itertools
import selectors
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import httptools
import numpy as np
import numpy.typing as npt
import psutil

FloatArray = npt.NDArray[np.float64]
Arrivals = Literal["poisson", "even"]

DEADLINE = 10.0
UNANSWERED = TIMEOUT, FAILED = "timeout", "connection_failed"
# `select` handles at most 1,024 files; further requests wait here, and their time counts from their arrival.
_MOST_CONNECTIONS = 256
# Servers close idle connections (uvicorn after 5 s): one that may be about to be closed is not used again.
_IDLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Shot:
    """What became of one request; seconds of the event loop's clock.

    `due` is when it had to leave, `sent` when its bytes went to the socket (None: never), `done` when the
    last byte of the answer was there. `outcome` is the HTTP status or one of UNANSWERED.
    """

    due: float
    sent: float | None
    done: float
    outcome: str
    body: bytes

    @property
    def ok(self) -> bool:
        return self.outcome.startswith("2")


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of load: its requests, its wall seconds, and the processor seconds that the generator and the
    whole machine (all cores) were busy."""

    shots: tuple[Shot, ...]
    wall: float
    generator_cpu: float
    machine_cpu: float

    def __add__(self, other: Phase) -> Phase:
        return Phase(
            self.shots + other.shots,
            self.wall + other.wall,
            self.generator_cpu + other.generator_cpu,
            self.machine_cpu + other.machine_cpu,
        )


def schedule(rate: float, seconds: float, arrivals: Arrivals, rng: np.random.Generator) -> FloatArray:
    """[rate * seconds] ascending offsets in [0, seconds): a fixed beat, or a Poisson process given its count,
    which is that many uniform moments, so that the rate is exactly the one asked for."""
    count = round(rate * seconds)
    if arrivals == "even":
        return np.arange(count, dtype=np.float64) / rate
    return np.sort(rng.uniform(0.0, seconds, count))


def runner() -> asyncio.Runner:
    """An event loop that wakes up to the microsecond: the default one rounds up to the next millisecond."""
    return asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector()))


class _Connection(asyncio.Protocol):
    """One keep-alive connection; one request at a time."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._answer: asyncio.Future[tuple[int, bytes, float]] | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def usable(self) -> bool:
        fresh = self._loop.time() - self.idle_since < _IDLE_SECONDS
        return fresh and self._transport is not None and not self._transport.is_closing()

    async def exchange(self, wire: bytes) -> tuple[int, bytes, float]:
        """Status, body, and the moment of the last byte.

        Raises:
            ConnectionError: the connection was lost before the answer was whole.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError
        self._answer = self._loop.create_future()
        self._transport.write(wire)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError())

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self.idle_since = self._loop.time()
        body, self._body = b"".join(self._body), []
        if not self._parser.should_keep_alive():
            self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), body, self.idle_since))


class _Stretch:
    """Clocks, read when a stretch of load begins."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._generator, self._machine = time.process_time(), _machine_cpu()
        self.began = loop.time()

    def ended(self, shots: Sequence[Shot]) -> Phase:
        """The stretch until now."""
        return Phase(
            tuple(shots),
            self._loop.time() - self.began,
            time.process_time() - self._generator,
            _machine_cpu() - self._machine,
        )


class LoadGenerator:
    """Sends requests to one address; make and use it inside the event loop of `runner`."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._loop = asyncio.get_running_loop()
        self._slots = asyncio.Semaphore(_MOST_CONNECTIONS)
        self._idle: list[_Connection] = []

    async def run(self, offsets: FloatArray, wires: Sequence[bytes]) -> Phase:
        """Send each request at its offset from now, and wait for all answers: DEADLINE seconds after the last
        offset at the most."""
        stretch = _Stretch(self._loop)
        tasks: list[asyncio.Task[Shot]] = []
        for offset, wire in zip(offsets.tolist(), wires, strict=True):
            due = stretch.began + offset
            await asyncio.sleep(max(due - self._loop.time(), 0.0))
            tasks.append(asyncio.create_task(self._shoot(due, wire)))
        return stretch.ended(await asyncio.gather(*tasks))

    async def closed(self, clients: int, seconds: float, wires: Sequence[bytes]) -> Phase:
        """Each client asks again as soon as it has its answer: a request is due when the last one was done.

        The requests are taken in turn, from the first again after the last.
        """
        stretch = _Stretch(self._loop)
        shots: list[Shot] = []
        following = itertools.cycle(wires)

        async def ask() -> None:
            while (now := self._loop.time()) < stretch.began + seconds:
                shots.append(await self._shoot(now, next(following)))

        await asyncio.gather(*(ask() for _ in range(clients)))
        return stretch.ended(shots)

    def close(self) -> None:
        """Close every connection that waits for another request."""
        for connection in self._idle:
            connection.close()

    async def _shoot(self, due: float, wire: bytes) -> Shot:
        sent: float | None = None
        connection: _Connection | None = None
        try:
            async with asyncio.timeout_at(due + DEADLINE), self._slots:
                connection = await self._connection()
                sent = self._loop.time()
                status, body, done = await connection.exchange(wire)
        except OSError as error:
            if connection is not None:
                connection.close()
            outcome = TIMEOUT if isinstance(error, TimeoutError) else FAILED
            return Shot(due, sent, self._loop.time(), outcome, b"")
        self._idle.append(connection)
        return Shot(due, sent, done, str(status), body)

    async def _connection(self) -> _Connection:
        """The idle connection that was used last, or a new one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.close()
        _, opened = await self._loop.create_connection(_Connection, *self._address)
        return opened


def _machine_cpu() -> float:
    """Processor seconds that all cores together were busy since the machine started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait)

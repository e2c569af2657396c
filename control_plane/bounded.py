"""Connections to servers of others: they take no more time, and bring no more, than was agreed."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
from httpcore import NetworkBackend, NetworkStream, SyncBackend


class AnswerTooLargeError(httpcore.NetworkError):
    """A server answers with more than anybody reads."""


class Deadline:
    """What is left of the time for something, however many connections it takes."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def within(self, timeout: float | None) -> float:
        """The shorter of both.

        Raises:
            httpcore.ReadTimeout: the time is up.
        """
        left = self._end - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(left, timeout)


class BoundedStream(NetworkStream):
    """A stream that ends when the time is up, or when more than so many bytes came."""

    def __init__(self, inner: NetworkStream, deadline: Deadline, most_bytes: int) -> None:
        self._inner = inner
        self._deadline = deadline
        self._most_bytes = most_bytes
        self._read = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._deadline.within(timeout))
        self._read += len(data)
        if self._read > self._most_bytes:
            raise AnswerTooLargeError
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        stream = self._inner.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        return BoundedStream(stream, self._deadline, self._most_bytes)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class BoundedBackend(NetworkBackend):
    """Connects wherever it is told to, within the bounds.

    Args:
        most_bytes: that one connection brings, heads of answers included.
    """

    def __init__(self, deadline: Deadline, most_bytes: int) -> None:
        self._deadline = deadline
        self._most_bytes = most_bytes
        self._inner = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        within = self._deadline.within(timeout)
        stream = self._inner.connect_tcp(host, port, within, local_address, socket_options)
        return BoundedStream(stream, self._deadline, self._most_bytes)

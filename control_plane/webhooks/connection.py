"""The connection of one delivery: to an address that was checked, for so long, with an answer of so much.

The name is resolved, all of its addresses are checked, and the connection goes to one of those: nothing is
looked up again, so a name that changes its address meanwhile (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
from httpcore import NetworkBackend, NetworkStream, SyncBackend

from control_plane.webhooks.address import Resolve, checked_addresses, resolve

CONNECT_SECONDS = 5.0
MOST_SECONDS = 15.0
"""From the look-up of the name to the end of the answer."""
MOST_BYTES = 64 << 10
"""Of an answer, its head included; nothing is done with its body."""


class AnswerTooLargeError(httpcore.NetworkError):
    """The receiver answers with more than anybody reads."""


class Deadline:
    """What is left of the time of a delivery."""

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


class CheckedBackend(NetworkBackend):
    """Connects to checked addresses alone.

    Args:
        loopback: whether this machine may be one.
        lookup: gives the addresses of a name.
    """

    def __init__(self, *, http: bool, loopback: bool, deadline: Deadline, lookup: Resolve = resolve) -> None:
        self._http = http
        self._loopback = loopback
        self._deadline = deadline
        self._lookup = lookup
        self._inner = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        addresses = checked_addresses(
            host, port, http=self._http, loopback=self._loopback, lookup=self._lookup
        )
        # The first alone: a receiver that is reachable by another one is reached by the next attempt.
        stream = self._inner.connect_tcp(addresses[0], port, self._deadline.within(timeout), local_address)
        return _Bounded(stream, self._deadline)


class _Bounded(NetworkStream):
    """A stream that ends when the time is up, or when the answer gets too long."""

    def __init__(self, inner: NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline
        self._read = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._deadline.within(timeout))
        self._read += len(data)
        if self._read > MOST_BYTES:
            raise AnswerTooLargeError
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        within = self._deadline.within(timeout)
        return _Bounded(self._inner.start_tls(ssl_context, server_hostname, within), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

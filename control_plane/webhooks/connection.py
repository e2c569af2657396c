"""The connection of one delivery: to an address that was checked, for so long, with an answer of so much.

The name is resolved, all of its addresses are checked, and the connection goes to one of those: nothing is
looked up again, so a name that changes its address meanwhile (DNS rebinding) changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from httpcore import NetworkBackend, NetworkStream

from control_plane.bounded import BoundedBackend, Deadline
from control_plane.webhooks.address import Resolve, checked_addresses, resolve

CONNECT_SECONDS = 5.0
MOST_SECONDS = 15.0
"""From the look-up of the name to the end of the answer."""
MOST_BYTES = 64 << 10
"""Of an answer, its head included; nothing is done with its body."""


class CheckedBackend(NetworkBackend):
    """Connects to checked addresses alone.

    Args:
        loopback: whether this machine may be one.
        lookup: gives the addresses of a name.
    """

    def __init__(self, *, http: bool, loopback: bool, deadline: Deadline, lookup: Resolve = resolve) -> None:
        self._http = http
        self._loopback = loopback
        self._lookup = lookup
        self._inner = BoundedBackend(deadline, MOST_BYTES)

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
        return self._inner.connect_tcp(addresses[0], port, timeout, local_address)

"""Ports on the loopback interface: the usual one, or the next free one; a port once chosen is kept."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

from recolake.errors import RecolakeError
from recolake.files import write_atomically

LOOPBACK = "127.0.0.1"
_TRIES = 400
# Far below the range from which the system takes ports of outgoing connections.
_CEILING = 32_000


class NoFreePortError(RecolakeError):
    """Every candidate port is taken."""

    code = "no_free_port"


def is_free(port: int) -> bool:
    """Whether a server could listen there now, on whatever interface the present owner listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


class PortBook:
    """The ports of one platform, remembered in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def read(self) -> dict[str, int]:
        """Ports by service; empty at first, or if the file is torn."""
        try:
            found: dict[str, int] = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def choose(self, service: str, usual: int) -> int:
        """The port this service had before, else its usual one, else the next that is free and nobody's here.

        Raises:
            NoFreePortError: none of some hundred candidates is free.
        """
        with self._lock:
            book = self.read()
            reserved = {port for name, port in book.items() if name != service}
            remembered = [book[service]] if service in book else []
            for port in (*remembered, *range(usual, min(usual + _TRIES, _CEILING))):
                if port not in reserved and is_free(port):
                    if book.get(service) != port:
                        self._remember(book | {service: port})
                    return port
        raise NoFreePortError(
            f"No free port for {service}: {usual} to {usual + _TRIES - 1} are all taken.",
            hint="Stop what listens there.",
        )

    def _remember(self, book: dict[str, int]) -> None:
        write_atomically(self._path, json.dumps(book, indent=2, sort_keys=True).encode())

"""Ports of the embedded services: the usual one, or a free one if that is taken; kept over restarts.

A service takes a while until it listens on its port. Meanwhile the platform of another checkout would find it
free, so a chosen port is also claimed on this machine, for as long as the process that chose it lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import tempfile
import threading
from pathlib import Path

from recolake.errors import ServiceUnavailableError
from recolake.files import write_atomically
from recolake.platform.service import HOST
from recolake.settings import Settings

_CANDIDATES = 400
_lock = threading.Lock()
_claims: dict[tuple[Path, int], int] = {}


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now, whatever interface its present owner listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(settings: Settings, service: str, usual: int) -> int:
    """Last time's port of the service if it is free, else the usual one, else the next that is nobody's.

    Counting up from the usual port keeps clear of the range from which the system gives ports to outgoing
    connections, where a port would be lost to one of them sooner or later.

    Raises:
        ServiceUnavailableError: hundreds of ports are taken.
    """
    with _lock:
        book: dict[str, int] = _read(settings)
        reserved = {port for name, port in book.items() if name != service}
        candidates: list[int] = [book.get(service, usual), *range(usual, usual + _CANDIDATES)]
        for port in candidates:
            if port not in reserved and is_free(port) and _claim(settings, port):
                if book.get(service) != port:
                    text = json.dumps(book | {service: port}, indent=2, sort_keys=True)
                    write_atomically(_ports_file(settings), text.encode())
                return port
    raise ServiceUnavailableError(
        f"The ports {usual} to {usual + _CANDIDATES - 1} are all taken; {service} needs one.",
        hint="Stop what listens there.",
    )


def _claim(settings: Settings, port: int) -> bool:
    """Lock the port's file of this machine; False if another platform holds it. It is free when we die."""
    owner = (settings.home, port)
    if owner in _claims:
        return True
    folder = Path(tempfile.gettempdir()) / "recolake-ports"
    folder.mkdir(exist_ok=True)
    with contextlib.suppress(PermissionError):
        folder.chmod(0o1777)
    try:
        handle = _open(folder / str(port))
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    _claims[owner] = handle
    return True


def _open(path: Path) -> int:
    """A handle to lock. Another user's file in a shared folder may be read, but not opened for creation."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)


def read_port(settings: Settings, service: str) -> int:
    """The port that was chosen for a service; 0 where none was."""
    book = _read(settings)
    return book.get(service, 0)


def _ports_file(settings: Settings) -> Path:
    return settings.run_root / "ports.json"


def _read(settings: Settings) -> dict[str, int]:
    path = _ports_file(settings)
    found: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    return found

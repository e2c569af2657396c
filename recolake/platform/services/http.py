"""The two HTTP applications of the product: the recommendation API and the control plane."""

from __future__ import annotations

import sys

from recolake.platform import probes
from recolake.platform.service import HOST, Context, PlatformService


def _uvicorn(factory: str, context: Context, workers: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "uvicorn",
        factory,
        "--factory",
        "--host",
        HOST,
        "--port",
        str(context.port),
        "--workers",
        str(workers),
        "--no-access-log",
        "--no-server-header",
        "--timeout-graceful-shutdown",
        "10",
    ]


class RecommendationApi(PlatformService):
    """Needs nothing: it answers from local files when all else is down."""

    name = "api"
    endpoint = "api"
    preferred_port = 8000
    follows = ("redis",)
    # They would go on with the port, and nobody would look after them.
    workers_outlive_it = True

    def environment(self, context: Context) -> dict[str, str]:
        return {"OMP_NUM_THREADS": "1"}

    def command(self, context: Context) -> list[str]:
        return _uvicorn("serving.app:create_app", context, context.settings.api_workers)

    def healthy(self, context: Context) -> bool:
        return probes.answers(context.port, "/health")


class ControlPlane(PlatformService):
    """Takes uploads while PostgreSQL is away, and connects whenever that is back."""

    name = "control"
    endpoint = "control"
    preferred_port = 8001
    follows = ("postgres",)

    def command(self, context: Context) -> list[str]:
        return _uvicorn("control_plane.app:create_app", context, 1)

    def healthy(self, context: Context) -> bool:
        return probes.answers(context.port, "/health")

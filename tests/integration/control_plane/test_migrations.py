"""The migrations and the models describe the same database."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from control_plane.database import open_database
from control_plane.models import Base
from recolake.settings import Settings


def test_the_migrated_schema_is_that_of_the_models(platform: Settings) -> None:
    with open_database(platform).transaction() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


# What belongs to the platform: no tenant's rows.
_OF_NO_TENANT = {"plans"}


@pytest.mark.parametrize("table", sorted(set(Base.metadata.tables) - _OF_NO_TENANT))
def test_every_unique_key_includes_the_tenant(platform: Settings, table: str) -> None:
    with open_database(platform).transaction() as session:
        inspector = inspect(session.connection())
        keys = [inspector.get_pk_constraint(table)["constrained_columns"]]
        keys += [unique["column_names"] for unique in inspector.get_unique_constraints(table)]
    assert all("tenant_id" in columns for columns in keys)

"""Controls 2 and 3: PostgreSQL itself keeps tenants apart, whatever a statement forgets."""

from __future__ import annotations

import random
from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import NullPool, create_engine, make_url, select, text
from sqlalchemy.exc import ProgrammingError

from control_plane.database import Database, DatabaseRightsError, open_database
from control_plane.models import ApiKeyRow, Base, MemberRow, PersonRow, TenantRow
from control_plane.row_security import LOGIN_ROLE, PLATFORM_ROLE, TENANT_ROLE
from control_plane.tenants import service as tenants
from recolake.endpoints import postgres_database
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

ROLES = (LOGIN_ROLE, TENANT_ROLE, PLATFORM_ROLE)
TENANT_TABLES = sorted(name for name, table in Base.metadata.tables.items() if "tenant_id" in table.columns)


@pytest.fixture(scope="module")
def database(postgres: Settings) -> Database:
    return open_database(postgres)


@pytest.fixture(scope="module")
def pair(postgres: Settings) -> tuple[Tenant, Tenant]:
    """Two tenants with a key each."""
    names = [f"t{uuid4().hex[:12]}" for _ in range(2)]
    for name in names:
        tenants.create_tenant(postgres, name)
    return Tenant(names[0]), Tenant(names[1])


@pytest.mark.control(2)
def test_every_table_with_a_tenant_is_under_forced_row_security_with_a_policy(database: Database) -> None:
    """From the catalogue, and over every table that is there, so that a new one cannot be forgotten."""
    with database.platform() as session:
        tables = {
            row.relname: (row.relrowsecurity, row.relforcerowsecurity, row.policies)
            for row in session.execute(
                text(
                    "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, count(p.polname) AS policies "
                    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                    "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' "
                    "LEFT JOIN pg_policy p ON p.polrelid = c.oid "
                    "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm') GROUP BY c.oid"
                )
            )
        }
    assert sorted(tables) == TENANT_TABLES
    assert all(enabled and forced and policies for enabled, forced, policies in tables.values()), tables


@pytest.mark.control(2)
def test_no_role_of_the_application_owns_truncates_or_passes_by(database: Database) -> None:
    with database.platform() as session:
        rows = session.execute(
            text(
                "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit "
                "FROM pg_roles WHERE rolname = ANY(:roles)"
            ),
            {"roles": list(ROLES)},
        ).all()
        owned = session.scalars(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner "
                "WHERE r.rolname = ANY(:roles)"
            ),
            {"roles": list(ROLES)},
        ).all()
        rights = session.execute(
            text(
                "SELECT r.rolname, c.relname, has_table_privilege(r.oid, c.oid, 'TRUNCATE') AS truncate, "
                "has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE') AS some "
                "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, pg_roles r "
                "WHERE n.nspname = 'public' AND c.relkind = 'r' AND r.rolname = ANY(:roles)"
            ),
            {"roles": list(ROLES)},
        ).all()
    assert {row[0] for row in rows} == set(ROLES)
    assert not any(any(row[1:]) for row in rows)
    assert owned == []
    assert not any(row.truncate for row in rights)
    assert not any(row.some for row in rights if row.rolname == LOGIN_ROLE)


@pytest.mark.control(2)
@pytest.mark.parametrize("table", TENANT_TABLES)
def test_without_a_tenant_nothing_is_seen(
    database: Database, pair: tuple[Tenant, Tenant], table: str
) -> None:
    with database.transaction(pair[0]) as session:
        session.execute(text("SELECT set_config('recolake.tenant', '', true)"))
        granted = text("SELECT has_table_privilege(current_user, :table, 'SELECT')")
        if session.execute(granted, {"table": table}).scalar_one():
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


@pytest.mark.control(2)
def test_a_connection_that_became_nobody_may_do_nothing(
    database: Database,
) -> None:
    for table in TENANT_TABLES:
        with database.platform() as session:
            session.execute(text("SELECT set_config('role', 'none', true)"))
            with pytest.raises(ProgrammingError, match="permission denied"):
                session.execute(text(f"SELECT count(*) FROM {table}"))
            session.rollback()


@pytest.mark.control(2)
def test_a_statement_that_forgets_the_tenant_sees_and_changes_its_own_rows_alone(
    database: Database, pair: tuple[Tenant, Tenant]
) -> None:
    mine, other = pair
    with database.transaction(mine) as session:
        assert set(session.scalars(select(ApiKeyRow.tenant_id))) == {mine.name}
        assert list(session.scalars(select(TenantRow.tenant_id))) == [mine.name]
        assert session.execute(text("UPDATE api_keys SET name = 'mine'")).rowcount == 1  # type: ignore[attr-defined]
    with database.transaction(other) as session:
        assert set(session.scalars(select(ApiKeyRow.name))) == {""}


def test_a_row_cannot_be_given_to_another_tenant(database: Database, pair: tuple[Tenant, Tenant]) -> None:
    mine, other = pair
    with pytest.raises(ProgrammingError, match="row-level security"), database.transaction(mine) as session:
        session.execute(text("UPDATE api_keys SET tenant_id = :other"), {"other": other.name})


@pytest.mark.control(2)
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE api_keys",
        "DELETE FROM tenants",
        "SELECT password_hash FROM people",
        "SELECT * FROM login_attempts",
        "SELECT * FROM external_identities",
        "SELECT * FROM external_logins",
        "SELECT * FROM refresh_tokens",
        "ALTER TABLE api_keys DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_tenant ON api_keys",
        "CREATE TABLE mine (x int)",
        "SET ROLE postgres",
    ],
)
def test_what_no_tenant_needs_is_refused(
    database: Database, pair: tuple[Tenant, Tenant], statement: str
) -> None:
    with pytest.raises(ProgrammingError), database.transaction(pair[0]) as session:
        session.execute(text(statement))


def test_people_are_seen_by_those_tenants_alone_of_whom_they_are_members(
    database: Database, pair: tuple[Tenant, Tenant]
) -> None:
    person = f"per_{uuid4().hex[:16]}"
    with database.platform() as session:
        session.add(PersonRow(person_id=person, email=f"{person}@example.org", name="A", password_hash="x"))
        session.flush()
        session.add(MemberRow(tenant_id=pair[0].name, person_id=person, role="owner"))
    seen = []
    for tenant in pair:
        with database.transaction(tenant) as session:
            seen.append(list(session.scalars(select(PersonRow.person_id))))
    assert seen == [[person], []]


def test_who_may_not_set_the_database_up_is_told_what_is_missing(postgres: Settings) -> None:
    """A role that may log in, and nothing else."""
    url = make_url(postgres_database(postgres, "accounts"))
    name = f"weak_{uuid4().hex[:8]}"
    owner = create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'weak'"))
    weak = url.set(username=name, password="weak", database=None).render_as_string(hide_password=False)
    database = Database(postgres.model_copy(update={"postgres_url": weak}))
    with pytest.raises(DatabaseRightsError, match="permission denied"), database.platform():
        pass
    with owner.begin() as connection:
        connection.execute(text(f"DROP ROLE {name}"))


@pytest.fixture
def narrow(postgres: Settings) -> Iterator[Database]:
    """A pool of one connection."""
    database = Database(postgres, connections=1)
    yield database
    database.close()


@pytest.mark.control(3)
def test_a_thousand_tenants_that_take_turns_on_one_connection_never_see_each_other(
    narrow: Database, database: Database
) -> None:
    run = uuid4().hex[:8]
    names = [f"i{run}{number:04}" for number in range(1000)]
    with database.platform() as session:
        session.execute(TenantRow.__table__.insert(), [{"tenant_id": name} for name in names])
    order = names * 2
    random.Random(7).shuffle(order)

    backends: set[int] = set()
    for number, name in enumerate(order):
        if number % 10 == 9:
            # A transaction that fails in the middle must leave nothing on the connection either.
            with pytest.raises(ProgrammingError), narrow.transaction(Tenant(name)) as session:
                session.execute(text("SELECT no_such_column"))
        with narrow.transaction(Tenant(name)) as session:
            backends.add(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
            assert list(session.scalars(select(TenantRow.tenant_id))) == [name]
    assert len(backends) == 1
    # What is left on the connection when nobody says who they are.
    assert narrow._engine is not None
    with narrow._engine.connect() as raw:
        assert raw.execute(text("SELECT current_user")).scalar_one() == LOGIN_ROLE
        assert not raw.execute(text("SELECT current_setting('recolake.tenant', true)")).scalar_one()

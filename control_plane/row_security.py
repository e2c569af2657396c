"""Who may see which rows, decided by PostgreSQL itself: roles, row-level security, grants.

Three roles. `recolake_accounts` logs in and may do nothing of its own; each transaction of it becomes, for
itself alone (`SET LOCAL`), either `recolake_tenant`, which sees the rows of the one tenant that the
transaction names, or `recolake_platform`, which signs people up and in, and publishes snapshots of all
tenants. None owns a table, none passes row-level security by, none may truncate. A transaction that forgets
both sees nothing.

Migrations call these functions; what they give never changes, a new rule is a new function.
"""

from __future__ import annotations

LOGIN_ROLE = "recolake_accounts"
TENANT_ROLE = "recolake_tenant"
PLATFORM_ROLE = "recolake_platform"
TENANT_SETTING = "recolake.tenant"
ALL_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def roles() -> list[str]:
    """Statements that make the roles where they are missing; roles belong to the whole server."""
    made = [
        _role(TENANT_ROLE, "NOLOGIN"),
        _role(PLATFORM_ROLE, "NOLOGIN"),
        _role(LOGIN_ROLE, "LOGIN"),
        f"GRANT {TENANT_ROLE}, {PLATFORM_ROLE} TO {LOGIN_ROLE}",
    ]
    return [*made, f"GRANT USAGE ON SCHEMA public TO {TENANT_ROLE}, {PLATFORM_ROLE}"]


def protect(
    table: str, *, tenant: tuple[str, ...] = ALL_RIGHTS, platform: tuple[str, ...] = ALL_RIGHTS
) -> list[str]:
    """Statements that put a table with a column `tenant_id` under row-level security, the owner too.

    Args:
        tenant: what a tenant's transactions may do with their rows.
        platform: what the platform's own may do with all rows; empty for nothing.
    """
    own = f"tenant_id = current_setting('{TENANT_SETTING}', true)"
    return [
        *_forced(table),
        f"CREATE POLICY own_tenant ON {table} TO {TENANT_ROLE} USING ({own}) WITH CHECK ({own})",
        f"CREATE POLICY all_tenants ON {table} TO {PLATFORM_ROLE} USING (true) WITH CHECK (true)",
        *_granted(table, TENANT_ROLE, tenant),
        *_granted(table, PLATFORM_ROLE, platform),
    ]


def protect_people(table: str, columns: str) -> list[str]:
    """The same for people, who may belong to several tenants: one sees who is a member of one's own.

    Args:
        columns: what of a person a tenant may see.
    """
    member = f"EXISTS (SELECT FROM members m WHERE m.person_id = {table}.person_id)"
    return [
        *_forced(table),
        f"CREATE POLICY own_members ON {table} FOR SELECT TO {TENANT_ROLE} USING ({member})",
        f"CREATE POLICY all_people ON {table} TO {PLATFORM_ROLE} USING (true) WITH CHECK (true)",
        f"GRANT SELECT ({columns}) ON {table} TO {TENANT_ROLE}",
        *_granted(table, PLATFORM_ROLE, ALL_RIGHTS),
    ]


def keep_to_platform(table: str) -> list[str]:
    """Statements for a table without tenants, which no tenant's transaction reaches."""
    return _granted(table, PLATFORM_ROLE, ALL_RIGHTS)


def keep_from_tenants(table: str) -> list[str]:
    """The same for what says more of people than tenants may see: under row-level security, the owner too."""
    return [
        *_forced(table),
        f"CREATE POLICY all_people ON {table} TO {PLATFORM_ROLE} USING (true) WITH CHECK (true)",
        *_granted(table, PLATFORM_ROLE, ALL_RIGHTS),
    ]


def _role(name: str, login: str) -> str:
    rights = f"{login} NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION"
    return f"""DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN
            CREATE ROLE {name} {rights};
        END IF;
    END $$"""


def _forced(table: str) -> list[str]:
    return [f"ALTER TABLE {table} {how} ROW LEVEL SECURITY" for how in ("ENABLE", "FORCE")]


def _granted(table: str, role: str, rights: tuple[str, ...]) -> list[str]:
    return [f"GRANT {', '.join(rights)} ON {table} TO {role}"] if rights else []

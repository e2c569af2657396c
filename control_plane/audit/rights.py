"""Who may touch the audit log. The application's roles add to it and read it; nobody changes an entry.

Removing what is over a year old is another role's, which neither logs in nor is any application's: the
owner of the database becomes it for the time of a cut.
"""

from __future__ import annotations

RETENTION_ROLE = "recolake_retention"


def retention_rights(table: str) -> list[str]:
    """Statements that make the role, and let it read and delete rows of a table under row-level security."""
    return [
        f"""DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{RETENTION_ROLE}') THEN
                CREATE ROLE {RETENTION_ROLE} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
            END IF;
        END $$""",
        f"GRANT {RETENTION_ROLE} TO CURRENT_USER",
        f"GRANT USAGE ON SCHEMA public TO {RETENTION_ROLE}",
        f"CREATE POLICY retention ON {table} TO {RETENTION_ROLE} USING (true)",
        f"GRANT SELECT, DELETE ON {table} TO {RETENTION_ROLE}",
    ]

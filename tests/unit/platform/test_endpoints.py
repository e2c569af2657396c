"""A real PostgreSQL's address keeps its options, whichever database of it is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from recolake.endpoints import postgres_database
from recolake.settings import Settings


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("postgresql://u:p@db.example:5432", "postgresql://u:p@db.example:5432/accounts"),
        ("postgresql://u:p@db.example:5432/", "postgresql://u:p@db.example:5432/accounts"),
        (
            "postgresql://u:p%40%2F@db.example?sslmode=require&target_session_attrs=read-write",
            "postgresql://u:p%40%2F@db.example/accounts?sslmode=require&target_session_attrs=read-write",
        ),
        (
            "postgresql://u@a.example:5432,b.example:5433/?sslmode=verify-full",
            "postgresql://u@a.example:5432,b.example:5433/accounts?sslmode=verify-full",
        ),
    ],
)
def test_the_database_goes_into_the_path_and_options_stay(tmp_path: Path, server: str, expected: str) -> None:
    assert postgres_database(Settings(home=tmp_path, postgres_url=server), "accounts") == expected

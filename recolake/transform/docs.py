"""dbt's documentation of all tables as one HTML file that needs no server."""

from __future__ import annotations

from pathlib import Path

from recolake.lake.engine import connect
from recolake.settings import Settings
from recolake.transform.outcome import BuildError
from recolake.transform.run_dbt import dbt_to_oneself, run_dbt


def docs_page(settings: Settings) -> Path:
    """Where `write_docs` puts the page."""
    return settings.home / "dbt" / "target" / "static_index.html"


def write_docs(settings: Settings) -> Path:
    """Write the page: models, columns, tests, lineage.

    Nothing is compiled and the engine is asked nothing, so it takes seconds.

    Raises:
        BuildError: dbt failed.
    """
    spark = connect(settings)
    with dbt_to_oneself(settings):
        result = run_dbt(settings, spark, ["docs", "generate", "--static", "--empty-catalog", "--no-compile"])
    if not result.success:
        raise BuildError(f"dbt could not write its documentation: {result.exception}")
    return docs_page(settings)

"""`recolake build` and `recolake docs`."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Hang the commands in."""
    app.command("build")(build_command)
    app.command("docs")(docs_command)


def build_command(
    tenant: Annotated[str | None, typer.Option(help="This tenant's rows only; default: everybody's")] = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Recompute all from bronze")] = False,
    select: Annotated[
        list[str] | None, typer.Option(help="A table (gold.popularity) or dbt selector; repeatable")
    ] = None,
    all_tests: Annotated[
        bool, typer.Option("--all-tests", help="The tests that read whole tables and the unit tests, too")
    ] = False,
) -> None:
    """Bring silver and gold up to date with bronze, and test them."""
    from rich.console import Console
    from rich.table import Table

    from recolake.lake.engine import connect
    from recolake.lake.read import table_states
    from recolake.lake.tables import DBT_TABLES
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from recolake.transform.build import build

    settings = load_settings()
    who = require_tenant(settings, tenant) if tenant else None
    report = build(settings, who, full_refresh, select, all_tests=all_tests, progress=typer.echo)
    shown = Table("table", "rows", "Delta version", title=f"Built and tested in {report.seconds:.1f} s")
    for name, state in table_states(connect(settings), DBT_TABLES, who, settings).items():
        shown.add_row(name, f"{state.rows:,}", str(state.version))
    Console().print(shown)
    typer.echo(f"{len(report.models)} models, {len(report.tests)} tests passed.")


def docs_command() -> None:
    """Write dbt's documentation of all tables as one HTML page and say where it is."""
    from recolake.settings import load_settings
    from recolake.transform.docs import write_docs

    typer.echo(write_docs(load_settings()))

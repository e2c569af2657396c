"""`recolake materialize` and `recolake feast`."""

from __future__ import annotations

from typing import Annotated

import typer


def _materialize(
    tenant: Annotated[str, typer.Option(help="Tenant; without one, every tenant")] = "",
    full: Annotated[bool, typer.Option("--full", help="Write every row, not only what changed")] = False,
) -> None:
    """Bring Redis in line with the gold tables and the served model."""
    from feature_repo.materialize import materialize
    from recolake.settings import load_settings
    from recolake.tenancy.directory import known_tenants, require_tenant

    settings = load_settings()
    for each in [require_tenant(settings, tenant)] if tenant else known_tenants(settings):
        report = materialize(settings, each, full=full)
        counts = ", ".join(f"{count} {view}" for view, count in report.rows.items() if count)
        kind = "everything" if report.full else "what changed"
        typer.echo(f"{each}: wrote {kind}: {counts or 'nothing'}; removed {report.removed} rows")


def _feast(
    context: typer.Context,
    environment: Annotated[str, typer.Option(help="local or production")] = "local",
) -> None:
    """Feast's own command line on this platform: `recolake feast plan`, `recolake feast ui`, …"""
    import os
    import subprocess

    from feature_repo.environment import config_file, variables
    from recolake.settings import PROJECT_ROOT, load_settings

    command = ["feast", "-c", "feature_repo", "-f", str(config_file(environment)), *context.args]
    known = os.environ | variables(load_settings())
    raise typer.Exit(subprocess.run(command, cwd=PROJECT_ROOT, env=known, check=False).returncode)


def register(app: typer.Typer) -> None:
    """Hang the commands in."""
    app.command("materialize")(_materialize)
    app.command("feast", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(_feast)

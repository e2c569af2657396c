"""`recolake export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export_command(
    tenant: Annotated[str, typer.Option(help="Whose tables and model")],
    to: Annotated[Path, typer.Option(help="A folder that is not there yet")],
    with_pseudonym_key: Annotated[
        bool,
        typer.Option("--with-pseudonym-key", help="Put in the key that tells who is who in the tables"),
    ] = False,
) -> None:
    """Write everything of a tenant into a folder that needs nothing of the platform: tables, model, index."""
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from training.exit_package.write import export

    settings = load_settings()
    who = require_tenant(settings, tenant)
    done = export(settings, who, to, with_pseudonym_key=with_pseudonym_key, progress=typer.echo)
    typer.echo(f"{done.folder}: {len(done.tables)} tables, model {done.model_version}; see its README.md.")

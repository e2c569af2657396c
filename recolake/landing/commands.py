"""`recolake upload`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _upload(
    files: Annotated[list[Path], typer.Argument(help="Raw files, or folders of them")],
    tenant: Annotated[str, typer.Option(help="Whose data it is")],
    mapping: Annotated[Path, typer.Option(help="Mapping file: which columns become what")],
    again: Annotated[
        bool,
        typer.Option("--again", help="Also files that were landed under another mapping: they count anew"),
    ] = False,
) -> None:
    """Put raw files into the landing zone; what was uploaded before is recognised by its content."""
    from recolake.landing.store import land
    from recolake.orchestration.airflow import notify_landing
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant

    settings = load_settings()
    owner = require_tenant(settings, tenant)
    landed = land(settings, owner, files, mapping, again=again)
    for known in landed.known:
        typer.echo(f"known: {known.name} (content of {known.landed_as} in upload {known.upload_id})")
    if landed.upload is None:
        typer.echo("Nothing new: every file had been uploaded before.")
        return
    typer.echo(f"upload {landed.upload.upload_id}: {len(landed.upload.files)} files landed")
    if notify_landing(settings, owner, landed.upload.upload_id):
        typer.echo("Airflow was told and will ingest it.")
    else:
        typer.echo(f"Airflow does not run; ingest it with: recolake ingest --tenant {tenant}")


def register(app: typer.Typer) -> None:
    """Hang the landing zone's commands into the command line."""
    app.command("upload")(_upload)

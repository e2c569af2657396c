"""`recolake quarantine list | export | replay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

quarantine = typer.Typer(no_args_is_help=True, help="See broken rows, repair them, and send them again.")

_Tenant = Annotated[str, typer.Option(help="Whose rows")]
_Upload = Annotated[str, typer.Option(help="Upload, as `recolake quarantine list` shows it")]


@quarantine.command("list")
def list_command(tenant: _Tenant) -> None:
    """Quarantined rows by upload and reason; a row with two reasons counts under both."""
    from rich.console import Console
    from rich.table import Table

    from recolake.contracts.rules import REFUSALS, RULES
    from recolake.lake.engine import connect
    from recolake.settings import load_settings
    from recolake.tenancy.context import UNCLAIMED
    from recolake.tenancy.directory import require_tenant
    from spark_jobs.quarantine.rows import count_by_reason

    settings = load_settings()
    owner = UNCLAIMED if tenant == UNCLAIMED.name else require_tenant(settings, tenant)
    explained = {rule.reason: rule.explanation for rule in RULES} | dict(REFUSALS)
    shown = Table("upload", "reason", "rows", "sent again", "repaired", "the row")
    for counted in count_by_reason(connect(settings), settings, owner):
        numbers = (f"{n:,}" for n in (counted.rows, counted.replayed, counted.repaired))
        shown.add_row(counted.upload_id, counted.reason, *numbers, explained.get(counted.reason, ""))
    Console(width=max(140, Console().width)).print(shown)


@quarantine.command("export")
def export_command(
    tenant: _Tenant,
    upload: _Upload,
    out: Annotated[Path, typer.Option(help="CSV file to write")],
) -> None:
    """Write an upload's broken rows as they were sent, with reasons, to be repaired. They name people."""
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from spark_jobs.quarantine.export import export_rows

    settings = load_settings()
    rows = export_rows(settings, require_tenant(settings, tenant), upload, out)
    typer.echo(f"{rows} rows written to {out}. Repair their cells, or take rows out, then:")
    typer.echo(f"recolake quarantine replay {out} --tenant {tenant} --upload {upload}")


@quarantine.command("replay")
def replay_command(
    file: Annotated[Path, typer.Argument(help="The repaired file")], tenant: _Tenant, upload: _Upload
) -> None:
    """Send repaired rows again: an upload of their own, linked to the rows that they stand for."""
    from recolake.orchestration.airflow import notify_landing
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from spark_jobs.quarantine.replay import replay

    settings = load_settings()
    owner = require_tenant(settings, tenant)
    done = replay(settings, owner, upload, file)
    typer.echo(f"upload {done.repair_id}: {done.rows} rows landed; {done.left} others stay in quarantine.")
    if notify_landing(settings, owner, done.repair_id):
        typer.echo("Airflow was told and will ingest it.")
    else:
        typer.echo(f"Airflow does not run; ingest it with: recolake ingest --tenant {tenant}")

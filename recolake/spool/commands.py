"""`recolake events`."""

from __future__ import annotations

import typer

events = typer.Typer(help="What came in over the API.", no_args_is_help=True)


@events.command("ship")
def _ship() -> None:
    """Bring what the API acknowledged into the landing zone; running it again changes nothing."""
    from recolake.orchestration.airflow import notify_landing
    from recolake.settings import load_settings
    from recolake.spool.ship import ship_records
    from recolake.tenancy.context import Tenant

    settings = load_settings()
    report = ship_records(settings)
    typer.echo(f"{report.records} records of {report.segments} segments are in the landing zone")
    if report.damaged:
        typer.echo(f"{report.damaged} lines could not be read; see the spool's folder `unreadable`.")
    for upload in report.uploads:
        tenant = Tenant(upload.tenant)
        told = notify_landing(settings, tenant, upload.upload_id)
        then = "Airflow will ingest it" if told else f"ingest it with: recolake ingest --tenant {tenant}"
        typer.echo(f"upload {upload.upload_id} of {tenant}: {then}")


def register(app: typer.Typer) -> None:
    """Hang the spool's commands into the command line."""
    app.add_typer(events, name="events")

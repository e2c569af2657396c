"""`recolake ingest`."""

from __future__ import annotations

from typing import Annotated

import typer

from recolake.spool.commands import events
from spark_jobs.kafka.commands import register as register_kafka
from spark_jobs.maintenance.commands import lake
from spark_jobs.quarantine.commands import quarantine
from spark_jobs.usage_commands import register as register_usage


def _ingest(tenant: Annotated[str, typer.Option(help="Whose uploads to ingest")]) -> None:
    """Take landed uploads into bronze; running it again changes nothing."""
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from spark_jobs.ingest import ingest_pending

    settings = load_settings()
    reports = ingest_pending(settings, require_tenant(settings, tenant), progress=typer.echo)
    if not reports:
        typer.echo("Nothing to do: every upload is ingested.")
    for report in reports:
        typer.echo(
            f"{report.upload_id}: {report.rows_in} rows in = {report.accepted} accepted "
            f"+ {report.repeats} repeats + {report.quarantined} quarantined"
        )
        for reason, count in report.reasons.items():
            typer.echo(f"  {reason}: {count}")
        for words in report.failures.values():
            typer.echo(f"  not met: {words}")
        if report.held:
            typer.echo(f"  held (score {report.score:.0f}): silver does not move for it until you decide:")
            typer.echo(f"  recolake uploads show {report.upload_id} --tenant {tenant}")


def _deliver(
    seconds: Annotated[float, typer.Option(help="How long to go on; 0 is one round")] = 0,
) -> None:
    """Bring what the API acknowledged into bronze, again every few seconds; repeating it changes nothing."""
    from recolake.settings import load_settings
    from spark_jobs.deliver import Courier

    done = Courier(load_settings(), typer.echo).follow(seconds)
    typer.echo(
        f"{done.records} records in {done.uploads} uploads: {done.accepted} accepted "
        f"+ {done.repeats} repeats + {done.quarantined} quarantined"
    )
    if done.damaged:
        typer.echo(f"{done.damaged} lines could not be read; see the spool's folder `unreadable`.")
    if done.messages:
        typer.echo(f"{done.messages} records by Kafka, in uploads of their own")
    for trouble in done.troubles:
        typer.echo(f"Kafka's stream: {trouble}")
    for tenant, why in done.failed.items():
        typer.echo(f"{tenant}: {why}")


def register(app: typer.Typer) -> None:
    """Hang ingestion's commands into the command line."""
    app.command("ingest")(_ingest)
    events.command("deliver")(_deliver)
    register_kafka(app)
    app.add_typer(quarantine, name="quarantine")
    register_usage()
    app.add_typer(lake, name="lake")

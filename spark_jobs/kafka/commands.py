"""`recolake kafka consume`."""

from __future__ import annotations

from typing import Annotated

import typer

from recolake.kafka.commands import kafka


@kafka.command("consume")
def _consume(
    seconds: Annotated[float, typer.Option(min=0, help="How long to go on")] = 600,
    once: Annotated[bool, typer.Option("--once", help="Take what is there now, then end")] = False,
) -> None:
    """Bring messages into bronze, each once; repeating it changes nothing."""
    from recolake.settings import load_settings
    from spark_jobs.kafka.consume import consume

    done = consume(load_settings(), None if once else seconds, typer.echo)
    rows = done.rows
    typer.echo(
        f"{rows['records']} records in {done.batches} batches: {rows['accepted']} accepted "
        f"+ {rows['repeats']} repeats + {rows['quarantined']} quarantined"
    )
    for trouble in done.troubles:
        typer.echo(f"The stream ended and was started again: {trouble}")
    for tenant, why in done.failed.items():
        typer.echo(f"{tenant}: {why}")


def register(app: typer.Typer) -> None:
    """Hang Kafka's commands, the kernel's and the engine's, into the command line."""
    app.add_typer(kafka, name="kafka")

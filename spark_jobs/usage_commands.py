"""`recolake usage ship`."""

from __future__ import annotations

import typer

from recolake.usage.commands import usage


def _ship() -> None:
    """Bring the API's usage journal into bronze.recommendations; running it again changes nothing."""
    from recolake.settings import load_settings
    from spark_jobs.usage import ship_usage

    report = ship_usage(load_settings())
    typer.echo(f"{report.added} of {report.records} records were new; {report.segments} segments shipped")
    if report.unreadable:
        typer.echo(f"{report.unreadable} lines could not be read; see the journal's folder `unreadable`.")


def register() -> None:
    """Hang the command into its group."""
    usage.command("ship")(_ship)

"""`recolake usage`."""

from __future__ import annotations

import typer

usage = typer.Typer(help="What the recommendation API answered.", no_args_is_help=True)


@usage.command("ship")
def _ship() -> None:
    """Bring the API's usage journal into bronze.recommendations; running it again changes nothing."""
    from recolake.settings import load_settings
    from spark_jobs.usage import ship_usage

    report = ship_usage(load_settings())
    typer.echo(f"{report.added} of {report.records} records were new; {report.segments} segments shipped")
    if report.unreadable:
        typer.echo(f"{report.unreadable} lines could not be read; see the journal's folder `unreadable`.")


@usage.callback()
def _group() -> None:
    """Keeps `ship` a command of its own while it is the only one."""

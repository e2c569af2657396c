"""`recolake usage meter`, `recolake usage reconcile` and `recolake usage retain`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from recolake.usage.commands import usage


def _meter() -> None:
    """Bring what the API's usage journal bills into PostgreSQL; running it again changes nothing."""
    from control_plane.usage.ship import meter_usage
    from recolake.settings import load_settings

    report = meter_usage(load_settings())
    typer.echo(f"{report.added} of {report.lines} lines were new; {report.files} files of the journal read")
    if report.reached:
        typer.echo(f"{report.reached} shares of quotas were reached.")
    if report.unreadable:
        typer.echo(f"{report.unreadable} lines could not be read.")


def _reconcile(
    day: Annotated[
        datetime | None, typer.Option(help="Day in UTC; default: yesterday", formats=["%Y-%m-%d"])
    ] = None,
) -> None:
    """Compare a day's usage in PostgreSQL, the lake and the request log; exit code 1 where they differ."""
    from control_plane.usage.reconcile import reconcile_usage
    from recolake.settings import load_settings

    chosen: date = day.date() if day else (datetime.now(UTC) - timedelta(days=1)).date()
    report = reconcile_usage(load_settings(), chosen)
    for line in report.lines():
        typer.echo(line)
    if report.differs:
        raise typer.Exit(1)


def _retain(
    as_of: Annotated[
        datetime | None, typer.Option(help="What the clock says, in UTC; default: what it is")
    ] = None,
) -> None:
    """Sum up calls of more than 90 days ago by day, and forget sums of more than two years ago."""
    from control_plane.usage.retention import retain_usage
    from recolake.settings import load_settings

    done = retain_usage(load_settings(), as_of.replace(tzinfo=UTC) if as_of else None)
    typer.echo(f"{done.summed} sums of days were made, {done.forgotten} were forgotten.")


def register() -> None:
    """Hang the commands into their group."""
    usage.command("meter")(_meter)
    usage.command("reconcile")(_reconcile)
    usage.command("retain")(_retain)

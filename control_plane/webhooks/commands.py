"""`recolake webhooks deliver`; endpoints are managed over HTTP, by their owners."""

from __future__ import annotations

import typer

webhooks = typer.Typer(no_args_is_help=True, help="Deliver events to the webhooks of tenants.")


def register(app: typer.Typer) -> None:
    """Hang the commands in."""
    app.add_typer(webhooks, name="webhooks")


@webhooks.command("deliver")
def _deliver() -> None:
    """Deliver what is due now, as the control plane does every second while it runs."""
    from control_plane.database import open_database
    from control_plane.outbox import ship_outbox
    from control_plane.webhooks.deliver import Deliverer
    from recolake.settings import load_settings

    settings = load_settings()
    database = open_database(settings)
    shipped = ship_outbox(settings, database)
    made = Deliverer(settings, database).deliver_due()
    typer.echo(f"{shipped} acts and notices were shipped, {made} attempts were made.")

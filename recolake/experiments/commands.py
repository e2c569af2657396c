"""`recolake experiment status | stop | check`; training adds `start`, which needs its registry."""

from __future__ import annotations

from typing import Annotated

import typer

experiment = typer.Typer(
    no_args_is_help=True, help="Give a share of the people another model, and see which serves them better."
)

TenantOption = Annotated[str, typer.Option(help="Name of the tenant")]
_IdOption = Annotated[str | None, typer.Option("--id", help="An experiment; else the running or latest one")]


def register(app: typer.Typer) -> None:
    """Hang the commands in."""
    app.add_typer(experiment, name="experiment")


@experiment.command("status")
def status(tenant: TenantOption, experiment_id: _IdOption = None) -> None:
    """Say what runs, whether its variants can answer, and how it ended; asks this machine's files alone."""
    from recolake.experiments.lifecycle import find
    from recolake.experiments.screen import state_lines
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant

    settings = load_settings()
    found = find(settings, require_tenant(settings, tenant), experiment_id)
    for line in state_lines(settings, found):
        typer.echo(line)


@experiment.command("stop")
def stop(
    tenant: TenantOption,
    reason: Annotated[str, typer.Option(help="Why, for those who look later")] = "stopped by hand",
) -> None:
    """Give everybody the champion again, within about a second; asks this machine's files alone."""
    from recolake.experiments.document import Stopper
    from recolake.experiments.lifecycle import stop as run
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant

    settings = load_settings()
    ended = run(settings, require_tenant(settings, tenant), Stopper.PERSON, reason)
    typer.echo(f"{ended.experiment_id} is over: everybody gets {ended.champion}.")


@experiment.command("check")
def check(
    tenant: TenantOption,
    experiment_id: _IdOption = None,
    build: Annotated[bool, typer.Option(help="Bring gold.experiment_outcomes up to date first")] = True,
) -> None:
    """Show what came of an experiment, and stop it if its challenger does harm.

    Knows the usage that `recolake usage ship` brought to the lake.
    """
    from recolake.experiments.lifecycle import find
    from recolake.experiments.screen import analysis_lines
    from recolake.experiments.watch import check_experiment
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant

    settings = load_settings()
    who = require_tenant(settings, tenant)
    found = check_experiment(settings, who, find(settings, who, experiment_id), build=build)
    for line in analysis_lines(found):
        typer.echo(line)

"""`recolake train`, `publish`, `export` and `experiment start`; the other groups hang in theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recolake.experiments.commands import experiment
from training.benchmark import commands as evaluation
from training.exit_package.commands import export_command
from training.off_policy import commands as off_policy
from training.versions import commands as versions

if TYPE_CHECKING:
    from recolake.experiments.starting import Starter

_TenantOption = Annotated[str, typer.Option(help="Name of the tenant")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    app.command()(publish)
    app.command("export")(export_command)
    versions.register(app)
    experiment.command("start")(start_experiment)
    evaluation.register(app)
    off_policy.register(app)


def train(
    tenant: _TenantOption,
    retune: Annotated[bool, typer.Option("--retune", help="Choose the configuration anew")] = False,
    budget: Annotated[
        float | None,
        typer.Option(help="Seconds to choose among all models that can be served", min=1, max=4 * 3600),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed is another model")] = 0,
    as_of: Annotated[
        str | None, typer.Option(help="Make this version once more, such as v3, from what it was made from")
    ] = None,
) -> None:
    """Train a model on the gold training set, measure it beside the baselines, register it.

    With --as-of nothing is registered; the exit status is 1 where not the same came out.
    """
    if as_of is not None:
        _train_as_of(tenant, as_of, other=retune or budget is not None or seed != 0)
        return
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from training.cold.told import told_of_cold
    from training.pipeline import train as run

    settings = load_settings()
    report = run(
        settings,
        require_tenant(settings, tenant),
        retune=retune,
        budget=budget,
        seed=seed,
        progress=typer.echo,
    )
    for model, targets in report.metrics.items():
        found = [
            f"{target} {name} {metrics[name]:.4f}" for target, metrics in targets.items() for name in _SHOWN
        ]
        typer.echo(f"{model:>29}: {', '.join(found)}")
    for line in told_of_cold(report.cold):
        typer.echo(line)
    typer.echo(
        f"{report.model_version}: gate {'passed' if report.gate_passed else 'failed'}, {report.seconds:.1f} s"
    )
    for reason in report.gate_reasons:
        typer.echo(f"  {'refused: ' if reason in report.gate_refusals else ''}{reason}")
    if not report.gate_passed:
        forced = f"recolake publish --tenant {tenant} --version {report.model_version} --force"
        typer.echo(f"It will not be served; `{forced}` serves it all the same.")


def _train_as_of(tenant: str, version: str, *, other: bool) -> None:
    from recolake.errors import InvalidInputError
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from training.time_travel import train_as_of

    if other:
        raise InvalidInputError(
            f"{version} has a configuration and a seed of its own.",
            hint="Leave out --retune, --budget and --seed.",
        )
    settings = load_settings()
    report = train_as_of(settings, require_tenant(settings, tenant), version, progress=typer.echo)
    typer.echo(
        f"index: {report.index_checksum}, "
        + ("as recorded" if report.same_index else f"recorded was {report.recorded_index_checksum}")
    )
    if report.changed_metrics is None:
        typer.echo("metrics: none were recorded")
    elif not report.changed_metrics:
        typer.echo("metrics: as recorded")
    for name, (before, now) in (report.changed_metrics or {}).items():
        typer.echo(f"  {name}: {now:.6f}, recorded was {before:.6f}")
    for circumstance in report.circumstances:
        typer.echo(f"  {circumstance}")
    typer.echo(f"run {report.run_id}, {report.seconds:.1f} s")
    if not report.same:
        raise typer.Exit(1)


def publish(
    tenant: _TenantOption,
    version: Annotated[
        str | None, typer.Option(help="A version such as v3: the same as `recolake models promote`")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what the gate turned down")] = False,
) -> None:
    """Serve the newest model that passed its gate, or the version named."""
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from training.publish import publish as run

    settings = load_settings()
    report = run(settings, require_tenant(settings, tenant), version, force=force, progress=typer.echo)
    state = "is served now" if report.changed else "was served already"
    typer.echo(
        f"{report.model_version} {state}: {report.users} people, {report.items} items, {report.seconds:.1f} s"
    )


def start_experiment(
    tenant: _TenantOption,
    challenger: Annotated[str, typer.Option(help="The version to try, such as v3")],
    share: Annotated[float, typer.Option(help="Of the people, who get it: more than 0, less than 1")] = 0.1,
    alpha: Annotated[
        float, typer.Option(help="Chance that guardrails ever stop a challenger that does no harm")
    ] = 0.05,
    margin: Annotated[
        list[str] | None,
        typer.Option(help="METRIC=SHARE worse that is still no harm; failures, slow, clicks or revenue"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what the gate turned down")] = False,
) -> None:
    """Let a share of the people have another model than the served one."""
    from recolake.experiments.options import guardrails, share_of
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from training.rollout import start_experiment as run

    settings = load_settings()
    run(
        settings,
        require_tenant(settings, tenant),
        challenger,
        share_of(share),
        guardrails(alpha, margin or []),
        force=force,
        progress=typer.echo,
    )


def experiment_starter() -> Starter:
    """What starts an experiment, for who may not import training (`recolake.experiments.starting`)."""
    from training.rollout import start_experiment as run

    return run


_SHOWN = ("ndcg@10", "recall@20")

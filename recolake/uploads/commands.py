"""`recolake uploads list | show | release | reject | revert` and `recolake quality thresholds`."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recolake.uploads.overview import UploadView

uploads = typer.Typer(no_args_is_help=True, help="See what came of uploads, and decide about them.")
quality = typer.Typer(no_args_is_help=True, help="What is expected of uploads.")

_Tenant = Annotated[str, typer.Option(help="Whose uploads")]
_Upload = Annotated[str, typer.Argument(help="Id of an upload, as `recolake uploads list` shows it")]
_Reason = Annotated[str, typer.Option(help="Why, for those who look later")]
_By = Annotated[str, typer.Option(help="Who decides; default: you")]
_NEXT_STEP = {
    "landed": "recolake ingest --tenant {tenant}",
    "held": "recolake uploads release {upload} --tenant {tenant} --reason …   (or reject)",
    "accepted": "recolake uploads revert {upload} --tenant {tenant} --reason …   takes its rows out again",
    "released": "recolake uploads revert {upload} --tenant {tenant} --reason …   takes its rows out again",
    "rejected": "recolake uploads release {upload} --tenant {tenant} --reason …   takes its rows in",
    "reverted": "recolake uploads release {upload} --tenant {tenant} --reason …   takes its rows in again",
}


def register(app: typer.Typer) -> None:
    """Hang the commands in."""
    app.add_typer(uploads, name="uploads")
    app.add_typer(quality, name="quality")


@uploads.command("list")
def list_command(tenant: _Tenant) -> None:
    """Every upload with its state, score and rows; held ones wait for somebody to decide."""
    from rich.console import Console
    from rich.table import Table

    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from recolake.uploads.overview import overview
    from recolake.uploads.states import State

    settings = load_settings()
    views = overview(settings, require_tenant(settings, tenant))
    shown = Table("upload", "landed (UTC)", "state", "score", "rows in", "accepted", "quarantined", "repeats")
    for view in views:
        counts = ("rows_in", "accepted", "quarantined", "repeats")
        numbers = [f"{view.total(name):,}" if view.files else "" for name in counts]
        shown.add_row(
            view.upload_id, f"{view.landed_at:%Y-%m-%d %H:%M}", view.state.value, _score(view), *numbers
        )
    # Never narrower than its rows: a cut id is no id.
    Console(width=max(130, Console().width)).print(shown)
    held = [view for view in views if view.state is State.HELD]
    if held:
        typer.echo(f"{len(held)} held: `recolake uploads show ID --tenant {tenant}` says why.")


@uploads.command("show")
def show(upload: _Upload, tenant: _Tenant) -> None:
    """One upload: state, score, what is wrong with it, its rows, who decided what, and what can be done."""
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from recolake.uploads.overview import look_at

    settings = load_settings()
    for line in show_lines(look_at(settings, require_tenant(settings, tenant), upload), tenant):
        typer.echo(line)


def show_lines(view: UploadView, tenant: str) -> list[str]:
    """What `show` prints of an upload."""
    names = [file.name for file in view.manifest.files]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    lines = [
        f"upload    {view.upload_id}",
        f"files     {', '.join(names[:3])}{more}",
        f"landed    {view.landed_at:%Y-%m-%d %H:%M:%S} UTC",
        f"state     {view.state}",
    ]
    if view.manifest.repairs:
        lines.insert(1, f"repairs   {view.manifest.repairs}")
    if view.files:
        counts = ("accepted", "quarantined", "repeats")
        parts = " + ".join(f"{view.total(name):,} {name}" for name in counts)
        lines += [f"rows      {view.total('rows_in'):,} = {parts}", f"score     {_score(view) or 'none'}"]
    lines += [f"  {words}" for words in view.failures.values()]
    for decision in view.decisions:
        lines.append(
            f"{decision.state:9} {decision.decided_at:%Y-%m-%d %H:%M} by {decision.decided_by}: "
            f"{decision.reason}"
        )
    lines.append(f"next      {_NEXT_STEP[view.state.value].format(upload=view.upload_id, tenant=tenant)}")
    return lines


@uploads.command("release")
def release(upload: _Upload, tenant: _Tenant, reason: _Reason, by: _By = "") -> None:
    """Take a held, rejected or reverted upload in: the next build has its rows."""
    _decide(upload, tenant, "release", reason, by)


@uploads.command("reject")
def reject(upload: _Upload, tenant: _Tenant, reason: _Reason, by: _By = "") -> None:
    """Leave a held upload out for good."""
    _decide(upload, tenant, "reject", reason, by)


@uploads.command("revert")
def revert(upload: _Upload, tenant: _Tenant, reason: _Reason, by: _By = "") -> None:
    """Take an upload's rows out again: the next build is as if it had never come."""
    _decide(upload, tenant, "revert", reason, by)


def _decide(upload: str, tenant: str, action: str, reason: str, by: str) -> None:
    from recolake.orchestration.airflow import announce
    from recolake.orchestration.chain import extra_for
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from recolake.uploads.decisions import decide
    from recolake.uploads.states import Action, State

    settings = load_settings()
    owner = require_tenant(settings, tenant)
    made = decide(settings, owner, upload, Action(action), by=by or getpass.getuser(), reason=reason)
    typer.echo(f"upload {upload} is {made.state}.")
    if made.state is State.REJECTED:
        return
    if announce(settings, "bronze", extra_for([owner.name])) is not None:
        typer.echo("Airflow was told and will build the tables.")
    else:
        typer.echo(f"Airflow does not run; build the tables with: recolake build --tenant {tenant}")


@quality.command("thresholds")
def thresholds_command(
    tenant: _Tenant,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="name=value, such as quarantined=10%; repeatable")
    ] = None,
    unset: Annotated[list[str] | None, typer.Option(help="Back to the platform's; repeatable")] = None,
) -> None:
    """Show a tenant's thresholds, or change some; they hold from the next ingest on."""
    from rich.console import Console
    from rich.table import Table

    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from recolake.uploads.checks import BY_NAME, DEFAULTS
    from recolake.uploads.thresholds import change_thresholds, own_thresholds, parse_change

    settings = load_settings()
    owner = require_tenant(settings, tenant)
    wanted: dict[str, float | None] = dict(parse_change(change) for change in changes or ())
    wanted |= dict.fromkeys(unset or ())
    own = change_thresholds(settings, owner, wanted) if wanted else own_thresholds(settings, owner)
    shown = Table("threshold", "value", "platform's", "points")
    for name, usual in DEFAULTS.items():
        points = str(BY_NAME[name].points) if name in BY_NAME else ""
        shown.add_row(name, f"{own[name]:g}" if name in own else "", f"{usual:g}", points)
    Console().print(shown)


def _score(view: UploadView) -> str:
    return "" if view.score is None else f"{view.score:.0f}"

"""`recolake models list | compare | promote | rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.report import PublishReport

models = typer.Typer(no_args_is_help=True, help="List, compare, promote and roll back a tenant's models.")

_TenantOption = Annotated[str, typer.Option("--tenant", help="Name of the tenant")]
_JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for programs")]
_VERSION = "A version such as v3"


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    app.add_typer(models, name="models")


@models.command("list")
def list_models(
    tenant: _TenantOption,
    newest: Annotated[int, typer.Option("-n", "--newest", help="How many at most")] = 20,
    as_json: _JsonOption = False,
) -> None:
    """Versions, newest first: what is served, how good each is, what its gate said."""
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from training.versions import view
    from training.versions.catalogue import list_versions

    settings = load_settings()
    found = list_versions(settings, require_tenant(settings, tenant), newest)
    if as_json:
        typer.echo(view.as_json(found))
    elif not found:
        typer.echo(
            f"No model of tenant '{tenant}' is registered; `recolake train --tenant {tenant}` makes one."
        )
    else:
        view.show_versions(found)


@models.command("compare")
def compare_models(
    first: Annotated[str, typer.Argument(help=_VERSION)],
    second: Annotated[str, typer.Argument(help="The version to hold against it")],
    tenant: _TenantOption,
    as_json: _JsonOption = False,
) -> None:
    """Figures of two versions side by side, and what differs in configuration, code and table versions."""
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from training.versions import view
    from training.versions.compare import compare

    settings = load_settings()
    found = compare(settings, require_tenant(settings, tenant), first, second)
    if as_json:
        typer.echo(view.as_json(found))
    else:
        view.show_comparison(found)


@models.command("promote")
def promote(
    version: Annotated[str, typer.Argument(help=_VERSION)],
    tenant: _TenantOption,
    force: Annotated[bool, typer.Option("--force", help="Also what the gate turned down")] = False,
    as_json: _JsonOption = False,
) -> None:
    """Serve this version, under the rules of `recolake publish`; ends a rollback."""
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from training.publish import publish

    settings = load_settings()
    found = require_tenant(settings, tenant)
    _tell(publish(settings, found, version, force=force, progress=_note), as_json=as_json)


@models.command("rollback")
def roll_back(tenant: _TenantOption, as_json: _JsonOption = False) -> None:
    """Serve what was served before, at once; it stays until a version is promoted."""
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant
    from training.rollback import rollback

    settings = load_settings()
    _tell(rollback(settings, require_tenant(settings, tenant), progress=_note), as_json=as_json)


def _note(line: str) -> None:
    """Progress goes to standard error: standard output is the answer."""
    typer.echo(line, err=True)


def _tell(report: PublishReport, *, as_json: bool) -> None:
    from training.versions import view

    if as_json:
        typer.echo(view.as_json(report))
        return
    before = f" instead of {report.previous}" if report.previous not in (None, report.model_version) else ""
    typer.echo(
        f"{report.model_version} is served{before}: {report.users} people, {report.items} items, "
        f"{report.seconds:.1f} s"
    )

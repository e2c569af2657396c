"""`recolake privacy export | erase | opt-out | resume | retain | verify`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recolake.privacy.certificate import Certificate
    from recolake.settings import Settings
    from recolake.tenancy.context import Tenant

privacy = typer.Typer(no_args_is_help=True, help="What people may ask: their data, no training, erasure.")

_Tenant = Annotated[str, typer.Option(help="Whose people")]
_User = Annotated[str, typer.Option(help="The person, by the tenant's own id")]
_Users = Annotated[list[str], typer.Option("--user", help="A person, by the tenant's own id; repeatable")]


def register(app: typer.Typer) -> None:
    """Hang the commands in."""
    app.add_typer(privacy, name="privacy")


@privacy.command("export")
def _export(
    tenant: _Tenant,
    user: _User,
    output: Annotated[Path, typer.Option(help="The zip to write")] = Path("export.zip"),
) -> None:
    """Write everything that is held of a person into a zip of readable files."""
    from recolake.audit.entry import Action
    from recolake.audit.record import recorded
    from recolake.privacy.export import export
    from recolake.privacy.work import named

    settings, who = _of(tenant)
    # Not by the file's name: it may be a person's.
    with recorded(settings, who, Action.EXPORT_DONE, "by_command"):
        count = export(settings, who, named(settings, who, user), output.absolute(), progress=typer.echo)
    typer.echo(f"{count} files are in {output}; README.txt says what is where.")


@privacy.command("erase")
def _erase(
    tenant: _Tenant,
    user: _Users,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask: nothing brings back what is erased")
    ] = False,
) -> None:
    """Remove people from everywhere, with the past of every table that held them; nothing brings them
    back."""
    from recolake.privacy.erasure import erase
    from recolake.privacy.requests import Kind
    from recolake.privacy.work import ask, named

    settings, who = _of(tenant)
    people = named(settings, who, *user)
    if not yes:
        typer.confirm(f"Erase {len(people.pseudonyms)} of {tenant}'s people for good?", abort=True)
    request = ask(settings, who, Kind.ERASURE, people)
    certificate = erase(settings, who, request, raw_ids=user, progress=typer.echo)
    _show(settings, who, certificate)


@privacy.command("opt-out")
def _opt_out(
    tenant: _Tenant,
    user: _Users,
    undo: Annotated[bool, typer.Option("--undo", help="Take them in again")] = False,
) -> None:
    """Leave people out of training from the next run on (CCPA), until `--undo`."""
    from recolake.privacy.work import named, set_opt_out

    settings, who = _of(tenant)
    changed = set_opt_out(settings, who, named(settings, who, *user), out=not undo)
    state = "takes them in again" if undo else "leaves them out"
    typer.echo(f"The next training {state}." if changed else "Nothing to do: that is so already.")


@privacy.command("resume")
def _resume(
    tenant: Annotated[str, typer.Option(help="Whose requests; default: everybody's")] = "",
) -> None:
    """Carry out requests that came over the API, and what a killed command left."""
    from recolake.privacy.work import resume_all
    from recolake.settings import load_settings
    from recolake.tenancy.directory import known_tenants, require_tenant

    settings = load_settings()
    tenants = [require_tenant(settings, tenant)] if tenant else known_tenants(settings)
    done = sum(map(len, resume_all(settings, tenants, progress=typer.echo).values()))
    typer.echo(f"{done} requests are done." if done else "Nothing to do: no request is open.")


@privacy.command("retain")
def _retain(
    tenant: _Tenant,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            help="What the clock says, UTC; default: now", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]
        ),
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days after the last event; default: 90")] = None,
) -> None:
    """Erase everybody whose last event is too long ago, all at once."""
    from datetime import UTC

    from recolake.privacy.retention import retain

    settings, who = _of(tenant)
    clock = as_of.replace(tzinfo=UTC) if as_of else None
    certificate = retain(settings, who, clock, days=days, progress=typer.echo)
    if certificate is None:
        typer.echo("Nothing to do: nobody's last event is that long ago.")
    else:
        _show(settings, who, certificate)


@privacy.command("verify")
def _verify(
    file: Annotated[Path, typer.Argument(help="A certificate of an erasure")],
    key: Annotated[str, typer.Option(help="The tenant's public key; default: what this machine has")] = "",
) -> None:
    """Check that a certificate is what the tenant's key signed, and say what it says."""
    from recolake.privacy.certificate import public_key, read_certificate, verify
    from recolake.settings import load_settings
    from recolake.tenancy.context import Tenant

    certificate = read_certificate(file)
    known = key or public_key(load_settings(), Tenant(certificate.statement.tenant_id))
    verify(certificate, known)
    _print(certificate)
    against = "the tenant's key" if known else f"the key that it names itself: {certificate.public_key}"
    typer.echo(f"The signature is good, by {against}.")


def _of(tenant: str) -> tuple[Settings, Tenant]:
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant

    settings = load_settings()
    return settings, require_tenant(settings, tenant)


def _show(settings: Settings, tenant: Tenant, certificate: Certificate) -> None:
    from recolake.privacy.requests import certificate_file

    _print(certificate)
    path = certificate_file(settings, tenant, certificate.statement.certificate_id)
    typer.echo(f"Certificate: {path}")
    typer.echo(f"Sums over people follow with the next build: recolake build --tenant {tenant}")


def _print(certificate: Certificate) -> None:
    from rich.console import Console
    from rich.table import Table

    said = certificate.statement
    shown = Table("store", "found", "left", "what was done", box=None, pad_edge=False)
    for each in said.stores:
        shown.add_row(each.store, f"{each.found} {each.unit}", str(each.left), each.note)
    Console(width=max(120, Console().width)).print(shown)
    for version in said.retired_models:
        typer.echo(f"retired: {version}")
    scan = said.scan
    typer.echo(
        f"{scan.files:,} files ({scan.bytes:,} bytes) were searched; {len(scan.hits)} name them still."
    )

"""`recolake audit verify | export | checkpoint | retain`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recolake.audit.verify import Verdict

audit = typer.Typer(no_args_is_help=True, help="Who did what: verify, export and tend the audit log.")

_Tenant = Annotated[str, typer.Option(help="Whose log")]
_Everybody = Annotated[str, typer.Option("--tenant", help="Whose log; default: everybody's")]


def register(app: typer.Typer) -> None:
    """Hang the commands in."""
    app.add_typer(audit, name="audit")


@audit.command("verify")
def _verify(
    file: Annotated[Path | None, typer.Argument(help="An exported log; default: the platform's own")] = None,
    tenant: _Everybody = "",
    key: Annotated[str, typer.Option(help="The tenant's public key, where you have it from elsewhere")] = "",
) -> None:
    """Name the first entry that is not as it was written; ends with status 1 if there is one.

    With a file nothing else is needed: no platform, no network.
    """
    from control_plane.audit.tend import named
    from recolake.settings import load_settings

    if file is not None:
        from recolake.audit.export_file import verify_file

        name, found = verify_file(file, key or None)
        good = _tell(name, found)
        by = "the key that you gave" if key else "the key that the file names itself"
        typer.echo(f"Its checkpoints were signed by {by}." if good else f"Do not rely on {file}.")
        raise typer.Exit(0 if good else 1)
    from control_plane.audit import service

    settings = load_settings()
    tenants = named(settings, tenant)
    # Each is told, also behind one that is not good.
    bad = [each for each in tenants if not _tell(each.name, service.check(settings, each).verdict)]
    raise typer.Exit(1 if bad else 0)


@audit.command("export")
def _export(
    tenant: _Tenant, out: Annotated[Path, typer.Option(help="The file to write")] = Path("audit.jsonl")
) -> None:
    """Write a tenant's log into a file that anybody verifies offline."""
    from control_plane.audit import service
    from control_plane.audit.tend import named
    from recolake.settings import load_settings
    from recolake.tenancy.signatures import SigningKey, public_key

    settings = load_settings()
    who = named(settings, tenant)[0]
    found = service.export_to(settings, who, out.absolute())
    typer.echo(f"{found.entries} entries are in {out}; the last one is {found.last}, this export itself.")
    typer.echo(f"Public key of the tenant: {public_key(settings, who, SigningKey.AUDIT)}")


@audit.command("checkpoint")
def _checkpoint(tenant: _Everybody = "") -> None:
    """Verify logs, and sign what is new in them."""
    from control_plane.audit.tend import checkpoint_all
    from recolake.settings import load_settings

    for name, signed in checkpoint_all(load_settings(), tenant or None).items():
        typer.echo(f"{name}\tsigned up to entry {signed}")


@audit.command("retain")
def _retain(
    tenant: _Everybody = "",
    as_of: Annotated[
        datetime | None,
        typer.Option(
            help="What the clock says, UTC; default: now", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]
        ),
    ] = None,
) -> None:
    """Remove entries that are over a year old, behind a signed checkpoint, and webhook events of 30 days."""
    from datetime import UTC

    from control_plane.audit.tend import retain_all
    from recolake.settings import load_settings

    clock = as_of.replace(tzinfo=UTC) if as_of else None
    for name, removed in retain_all(load_settings(), tenant or None, clock).items():
        typer.echo(f"{name}\t{removed} removed")


def _tell(tenant: str, found: Verdict) -> bool:
    if found.fault is not None:
        typer.echo(f"{tenant}: NOT as it was written. {found.fault}.", err=True)
        return False
    what = f"entries {found.first} to {found.last}" if found.entries else "no entry"
    typer.echo(f"{tenant}: {what}, as written; checkpoints vouch up to {found.signed}.")
    return True

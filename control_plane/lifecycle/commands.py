"""`recolake tenant status | suspend | reopen | close | resume | verify`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recolake.settings import Settings, load_settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from control_plane.lifecycle.schemas import LifecycleRead

_Name = Annotated[str, typer.Argument(help="Name of the tenant")]


def register(tenant: typer.Typer) -> None:
    """Hang the commands in."""
    tenant.command("status")(status)
    tenant.command("suspend")(suspend)
    tenant.command("close")(close)
    tenant.command("reopen")(reopen)
    tenant.command("resume")(resume)
    tenant.command("verify")(verify)


def status(name: _Name) -> None:
    """The state, each step of the beginning or the end, and why one came to nothing."""
    from control_plane.lifecycle import service

    _print(service.read(load_settings(), Tenant(name)))


def suspend(name: _Name) -> None:
    """Take and answer nothing from now on, until `reopen`. Nothing is lost."""
    from control_plane.lifecycle import service

    service.suspend(load_settings(), Tenant(name))
    typer.echo(f"Tenant {name} is suspended: its keys are refused everywhere within about a second.")


def reopen(name: _Name) -> None:
    """End a suspension, or take a closing back while its grace lasts."""
    from control_plane.lifecycle import service

    settings, tenant = load_settings(), Tenant(name)
    service.reopen(settings, tenant)
    read = service.resume(settings, tenant)
    typer.echo(f"Tenant {name} is {read.state}; its keys work again.")


def close(
    name: _Name,
    grace_days: Annotated[
        int | None, typer.Option(min=0, max=365, help="Days during which it can be reopened; default: 30")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Refuse its keys and end its sessions at once; erase its data for good when the grace is over."""
    from control_plane.lifecycle import service

    settings, tenant = load_settings(), Tenant(name)
    service.read(settings, tenant)
    if not yes:
        typer.confirm(f"Close {name}, and erase all of its data when the grace is over?", abort=True)
    grace = None if grace_days is None else timedelta(days=grace_days)
    read = service.close(settings, tenant, grace=grace)
    typer.echo(f"Tenant {name} is closing. It can be reopened until {read.grace_until:%Y-%m-%d %H:%M}Z.")
    typer.echo(f"Its data, before it goes: recolake export --tenant {name} --to {name}-package")
    typer.echo(f"recolake audit export --tenant {name} writes its log.")
    typer.echo("When the grace is over, the DAG tend_tenants erases it.")


def resume(
    name: Annotated[str, typer.Argument(help="Name of the tenant; default: all whose turn it is")] = "",
) -> None:
    """Go on with beginnings and ends that are not complete, also with what would be tried again later."""
    from control_plane.lifecycle.advance import advance, alone, resume_all

    settings = load_settings()
    if not name:
        done = resume_all(settings, say=typer.echo)
        typer.echo("\n".join(f"{who} is {state}." for who, state in done.items()) or "Nothing to do.")
        return
    with alone(settings, Tenant(name)):
        advance(settings, Tenant(name), early=True, say=typer.echo)
    status(name)


def verify(
    file: Annotated[Path, typer.Argument(help="A certificate of closure")],
    key: Annotated[str, typer.Option(help="The tenant's public key; default: what this machine has")] = "",
) -> None:
    """Check that a certificate is what the tenant's key signed, and say what it says."""
    from recolake.privacy.certificate import public_key
    from recolake.privacy.certificate import verify as verify_signature
    from recolake.privacy.closure import read_closure

    certificate = read_closure(file)
    said = certificate.statement
    known = key or public_key(load_settings(), Tenant(said.tenant_id))
    verify_signature(certificate, known)
    for each in said.stores:
        typer.echo(f"{each.store}\t{each.found} {each.unit}\t{each.left} left")
    for what, until in said.kept.items():
        typer.echo(f"kept: {what}: {until}")
    against = "the tenant's key" if known else f"the key that it names itself: {certificate.public_key}"
    typer.echo(f"{said.tenant_id} is closed; the signature is good, by {against}.")


def print_open_steps(settings: Settings, tenant: Tenant) -> None:
    """What is still to be made for a tenant, if anything."""
    from control_plane.lifecycle import service

    left = [step for step in service.read(settings, tenant).steps if not step.done]
    for step in left:
        typer.echo(f"{step.step} is not done yet: {step.error}", err=True)
    if left:
        typer.echo(f"The control plane goes on with it; by hand: recolake tenant resume {tenant}", err=True)


def _print(read: LifecycleRead) -> None:
    since = f" since {read.since:%Y-%m-%d %H:%M}Z" if read.since else ""
    typer.echo(f"{read.tenant_id} is {read.state}{since}.")
    if read.can_reopen and read.grace_until:
        typer.echo(f"It can be reopened until {read.grace_until:%Y-%m-%d %H:%M}Z (`recolake tenant reopen`).")
    for step in read.steps:
        told = f"done {step.done_at:%Y-%m-%d %H:%M}Z" if step.done and step.done_at else "to do"
        if not step.done and step.error:
            told = f"attempt {step.attempts} failed, the next is at {step.due_at:%H:%M:%S}Z: {step.error}"
        typer.echo(f"  {step.step}\t{told}")

"""`recolake tenant …` and `recolake key …`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from control_plane import account_commands
from control_plane.lifecycle import commands as lifecycle
from control_plane.lifecycle.commands import print_open_steps
from recolake.settings import load_settings
from recolake.tenancy.api_keys import Scope
from recolake.tenancy.context import Tenant

_tenant = typer.Typer(no_args_is_help=True, help="Create, list, suspend and close tenants.")
_key = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys.")

TenantOption = Annotated[str, typer.Option("--tenant", help="Name of the tenant")]


def register(app: typer.Typer) -> None:
    """Hang the account commands into the command line."""
    from control_plane.audit import commands as audit
    from control_plane.webhooks import commands as webhooks

    lifecycle.register(_tenant)
    app.add_typer(_tenant, name="tenant")
    app.add_typer(_key, name="key")
    account_commands.register(app)
    from control_plane.plans.commands import plan
    from control_plane.usage import commands as usage

    app.add_typer(plan, name="plan")
    usage.register()
    audit.register(app)
    webhooks.register(app)


@_tenant.command("create")
def create_tenant(
    name: Annotated[str, typer.Argument(help="2 to 39 lower-case letters, digits, hyphens")],
    keep_key: Annotated[
        bool, typer.Option("--keep-key", help="Also keep the key here, for this machine's own commands")
    ] = False,
) -> None:
    """Create a tenant and print its first API key, once."""
    from control_plane.tenants import service
    from recolake.tenancy.local_key import store_local_key

    settings = load_settings()

    def show(secret: str) -> None:
        if keep_key:
            store_local_key(settings, Tenant(name), secret)
        typer.echo(f"Tenant {name} is created. Its API key, shown this once:")
        typer.echo(secret)

    service.create_tenant(settings, name, show=show)
    print_open_steps(settings, Tenant(name))


@_tenant.command("ensure")
def ensure_tenant(name: Annotated[str, typer.Argument(help="Name of the tenant")]) -> None:
    """Create the tenant if it is missing, and keep a valid key of it on this machine."""
    from control_plane.tenants import service

    service.ensure_tenant(load_settings(), name)
    typer.echo(f"Tenant {name} is ready; this machine keeps a key of it.")


@_tenant.command("list")
def list_tenants() -> None:
    """Name, day of creation and state of each tenant."""
    from control_plane.lifecycle.service import standings
    from control_plane.tenants import service

    settings = load_settings()
    states = standings(settings)
    for tenant in service.list_tenants(settings):
        state = states.get(tenant.tenant_id, "active")
        typer.echo(f"{tenant.tenant_id}\t{tenant.created_at:%Y-%m-%d}\t{state}")


@_tenant.command("sync")
def sync() -> None:
    """Write the data plane's snapshots of tenants and keys anew from PostgreSQL."""
    from control_plane.database import open_database
    from control_plane.snapshots import publish

    settings = load_settings()
    publish(settings, open_database(settings))
    typer.echo(f"The snapshots in {settings.snapshot_root} are up to date.")


@_key.command("create")
def create_key(
    tenant: TenantOption,
    scope: Annotated[list[Scope] | None, typer.Option(help="May be repeated; default: every scope")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; default: never")] = None,
) -> None:
    """Make a key and print it, once."""
    from control_plane.api_keys import service

    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    created = service.create_key(load_settings(), Tenant(tenant), scope or list(Scope), expires_at)
    typer.echo(f"Key {created.key_id} of tenant {tenant}, shown this once:")
    typer.echo(created.secret)


@_key.command("list")
def list_keys(tenant: TenantOption) -> None:
    """Id, state, expiry and scopes of each key."""
    from control_plane.api_keys import service

    for key in service.list_keys(load_settings(), Tenant(tenant)):
        state = "revoked" if key.revoked_at else "valid"
        until = f"until {key.expires_at:%Y-%m-%d %H:%M}Z" if key.expires_at else "without expiry"
        typer.echo(f"{key.key_id}\t{state}\t{until}\t{','.join(key.scopes)}")


@_key.command("rotate")
def rotate_key(
    key_id: Annotated[str, typer.Argument(help="Id, as in `key list`")],
    tenant: TenantOption,
    hours: Annotated[int, typer.Option(min=0, max=720, help="How long the old key stays valid")] = 24,
) -> None:
    """Make a key like another, which itself ends after a grace time; print the new one, once."""
    from control_plane.api_keys import service

    created = service.rotate_key(load_settings(), Tenant(tenant), key_id, timedelta(hours=hours))
    typer.echo(f"Key {created.key_id} replaces {key_id}, shown this once:")
    typer.echo(created.secret)


@_key.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="Id, as in `key list`")], tenant: TenantOption
) -> None:
    """Make a key invalid for good."""
    from control_plane.api_keys import service

    service.revoke_key(load_settings(), Tenant(tenant), key_id)
    typer.echo(f"Key {key_id} is revoked.")

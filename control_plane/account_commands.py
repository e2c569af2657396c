"""`recolake login`, `logout`, `whoami` and `recolake account …`."""

from __future__ import annotations

from typing import Annotated

import typer

from recolake.settings import load_settings

_account = typer.Typer(no_args_is_help=True, help="What concerns the accounts of all people.")


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("login")(login)
    app.command("logout")(logout)
    app.command("whoami")(whoami)
    app.add_typer(_account, name="account")


def login(
    organisation: Annotated[str, typer.Option(help="Which one, if you belong to several")] = "",
    browser: Annotated[bool, typer.Option(help="Open the page in a browser")] = True,
) -> None:
    """Log in with a browser; the tokens stay in the secrets folder of this machine."""
    import webbrowser

    from control_plane.oauth import loopback

    def show(url: str) -> None:
        typer.echo(f"Log in on this page:\n{url}")
        if browser:
            webbrowser.open(url)

    tokens = loopback.log_in(load_settings(), organisation, show)
    typer.echo(f"You are logged in to {tokens['tenant']} as {tokens['role']}.")


def logout() -> None:
    """End the session that this machine keeps."""
    from control_plane.oauth import loopback

    loopback.log_out(load_settings())
    typer.echo("You are logged out.")


def whoami() -> None:
    """Who is logged in here, where, as what."""
    from control_plane.oauth import loopback

    me = loopback.ask(load_settings(), "/v1/me")
    typer.echo(f"{me['email']}\t{me['tenant_id']}\t{me['role']}")


@_account.command("check-provider")
def check_provider() -> None:
    """Ask the OpenID Connect provider of the settings who it is, and say what it must know of us."""
    from control_plane.external_login.provider import open_provider
    from control_plane.external_login.service import redirect_uri

    settings = load_settings()
    provider = open_provider(settings)
    told = provider.check(provider.deadline())
    typer.echo(f"{provider.name} answers as {told.issuer}, and its keys can be read.")
    typer.echo(f"It must know {provider.client_id} with the redirect URI {redirect_uri(settings)}")


@_account.command("connect")
def connect(
    email: Annotated[str, typer.Argument(help="Address of the account")],
    subject: Annotated[str, typer.Argument(help="What the provider calls the person (`sub`)")],
) -> None:
    """Have a person of the OpenID Connect provider log in to an account which they cannot connect."""
    from control_plane.external_login.accounts import connect_by_hand

    typer.echo(f"{subject} logs in to {connect_by_hand(load_settings(), email, subject)} from now on.")


@_account.command("disconnect")
def disconnect(email: Annotated[str, typer.Argument(help="Address of the account")]) -> None:
    """Have nobody of the OpenID Connect provider log in to an account any more; its sessions end."""
    from control_plane.external_login.accounts import disconnect_by_hand

    person_id = disconnect_by_hand(load_settings(), email)
    typer.echo(f"Nobody of the provider logs in to {person_id} any more.")


@_account.command("rotate-database-password")
def rotate_database_password() -> None:
    """Give the role by which the control plane logs in to PostgreSQL another password, without a restart."""
    from control_plane.database import rotate_login_password

    rotate_login_password(load_settings())
    typer.echo("New connections to the accounts database use the new password.")


@_account.command("rotate-signing-key")
def rotate_signing_key() -> None:
    """Sign access tokens with a new key. Those signed before stay good until they are over; run it twice, and
    none does."""
    from control_plane.tokens.keys import rotate

    typer.echo(f"Access tokens are signed with key {rotate(load_settings())} from now on.")

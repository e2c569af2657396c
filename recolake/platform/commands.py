"""`recolake up | down | status | logs | lab`."""

from __future__ import annotations

from typing import Annotated

import typer


def _up(
    only: Annotated[str, typer.Option(help="Comma-separated services; they bring what they need")] = "",
    also: Annotated[
        str, typer.Option("--with", help="Comma-separated services beside the usual ones: kafka, lab")
    ] = "",
) -> None:
    """Start the local platform and wait until every service answers; harmless where it runs already."""
    from recolake.platform.control import default_services, up
    from recolake.platform.view import progress
    from recolake.settings import load_settings

    chosen = _names(only) or default_services()
    with progress() as tell:
        up(load_settings(), [*chosen, *_names(also)], progress=tell)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _down(
    only: Annotated[str, typer.Option(help="Comma-separated services; they take along what needs them")] = "",
) -> None:
    """Stop everything, or some services; nothing is lost."""
    from recolake.platform.control import down
    from recolake.settings import load_settings

    names = _names(only)
    stopped = down(load_settings(), names or None, progress=typer.echo)
    what = ", ".join(names) or "The platform"
    typer.echo(f"{what}: stopped." if stopped else f"{what}: did not run.")


def _status(as_json: Annotated[bool, typer.Option("--json", help="As JSON")] = False) -> None:
    """Every service with its URL, health, memory and uptime."""
    from recolake.platform import view
    from recolake.platform.control import status
    from recolake.settings import load_settings

    found = status(load_settings())
    if as_json:
        typer.echo(view.as_json(found))
    else:
        view.show(found)


def _logs(
    service: Annotated[str, typer.Argument(help="Service; without one, where the logs are")] = "",
    lines: Annotated[int, typer.Option("-n", help="How many lines")] = 50,
) -> None:
    """The end of a service's log."""
    from recolake.platform.control import with_needs
    from recolake.platform.processes import tail
    from recolake.platform.state import log_file
    from recolake.settings import load_settings

    settings = load_settings()
    if not service:
        typer.echo(settings.log_root)
        return
    if service != "supervisor":
        with_needs([service])
    typer.echo(tail(log_file(settings, service), lines))


def _lab() -> None:
    """Start JupyterLab on the notebooks and print its address."""
    from recolake.endpoints import resolve
    from recolake.platform.control import up
    from recolake.platform.view import progress
    from recolake.settings import load_settings

    settings = load_settings()
    with progress() as tell:
        up(settings, ["lab"], progress=tell)
    typer.echo(resolve(settings, "lab"))


def register(app: typer.Typer) -> None:
    """Hang the platform's commands into the command line."""
    for name, command in (("up", _up), ("down", _down), ("status", _status), ("logs", _logs), ("lab", _lab)):
        app.command(name)(command)

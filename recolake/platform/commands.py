"""`recolake up | down | status | logs | lab`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer


def _up(
    only: Annotated[str, typer.Option(help="Comma-separated services; they bring what they need")] = "",
) -> None:
    """Start the local platform and wait until every service answers."""
    from recolake.platform.control import up
    from recolake.settings import load_settings

    names = [name.strip() for name in only.split(",") if name.strip()] or None
    up(load_settings(), names, progress=_print_change)


def _print_change(name: str, state: object) -> None:
    from recolake.platform.state import Phase, ServiceState

    if isinstance(state, ServiceState) and state.phase is not Phase.WAITING:
        typer.echo(f"{name:22} {state.phase}")


def _down() -> None:
    """Stop everything; nothing is lost."""
    from recolake.platform.control import down
    from recolake.settings import load_settings

    down(load_settings(), progress=typer.echo)


def _status(as_json: Annotated[bool, typer.Option("--json", help="As JSON")] = False) -> None:
    """Every service with its URL, health, memory and uptime."""
    from rich.console import Console
    from rich.table import Table

    from recolake.platform.control import status
    from recolake.platform.render import hide_password
    from recolake.settings import load_settings

    found = status(load_settings())
    if as_json:
        typer.echo(json.dumps([asdict(line) | {"url": hide_password(line.url)} for line in found], indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("service", "health", "url", "pid", "MiB", "up for", "restarts"):
        table.add_column(title, overflow="fold", no_wrap=title == "service")
    for line in found:
        uptime = f"{line.uptime / 60:.0f} min" if line.uptime is not None else ""
        table.add_row(
            line.service,
            line.health,
            hide_password(line.url) or "",
            str(line.pid or ""),
            str(line.memory_mib or ""),
            uptime,
            str(line.restarts or ""),
        )
    console = Console()
    console.print(table)
    console.print(f"memory in all: {sum(line.memory_mib for line in found):,} MiB")


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
    from recolake.settings import load_settings

    settings = load_settings()
    up(settings, ["lab"], progress=_print_change)
    typer.echo(resolve(settings, "lab"))


def register(app: typer.Typer) -> None:
    """Hang the platform's commands into the command line."""
    for name, command in (("up", _up), ("down", _down), ("status", _status), ("logs", _logs), ("lab", _lab)):
        app.command(name)(command)

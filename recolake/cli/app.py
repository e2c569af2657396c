"""`recolake`: one command line; each sibling package hangs its commands in through the entry point group
below."""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points

import typer
from rich.console import Console

from recolake.audit.actors import act_as, command_line_actor
from recolake.errors import RecolakeError
from recolake.loopback import bypass_proxies
from recolake.threads import yield_cores

COMMAND_GROUP = "recolake.commands"

app = typer.Typer(
    name="recolake",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A recommendation platform on a lakehouse: from raw uploads to served recommendations.",
)


def build_app() -> typer.Typer:
    """The whole command line. Command modules import heavy libraries inside their functions, so this stays
    quick."""
    from recolake.cli import commands

    commands.register(app)
    for entry in sorted(entry_points(group=COMMAND_GROUP), key=lambda e: e.name):
        entry.load()(app)
    return app


def main() -> None:
    """Run; a `RecolakeError` becomes two lines on standard error and exit status 2."""
    bypass_proxies(os.environ)
    yield_cores(os.environ)
    act_as(command_line_actor())
    try:
        build_app()()
    except RecolakeError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"Error ({error.code}): {error.message}", style="red", markup=False)
        if error.hint:
            console.print(error.hint, markup=False)
        sys.exit(2)


if __name__ == "__main__":
    main()

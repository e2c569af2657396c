"""`recolake usage`: those who bring it somewhere hang their commands in."""

from __future__ import annotations

import typer

usage = typer.Typer(help="What the API answered and took in, and what of it is billed.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Hang the group into the command line."""
    app.add_typer(usage, name="usage")

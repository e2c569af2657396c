"""`recolake demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_WIDTH_IN_FILES = 120


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(_demo)


def _demo(
    uploads: Annotated[
        Path | None, typer.Option(help="Folder of raw files; without it a shop is simulated")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="Mapping file that says how to read them")] = None,
    tenant: Annotated[str | None, typer.Option(help="Default: shop with --uploads, demo without")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report as JSON to this file")] = None,
    days: Annotated[int | None, typer.Option(help="Days to simulate", min=1)] = None,
    no_airflow: Annotated[
        bool, typer.Option("--no-airflow", help="Run the steps as commands instead")
    ] = False,
) -> None:
    """From raw files to served recommendations: start the platform, run every step, show what came out."""
    from rich.console import Console

    from recolake.demo.render import render
    from recolake.demo.run import DemoRequest, run_demo
    from recolake.files import write_atomically
    from recolake.settings import load_settings

    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH_IN_FILES
    request = DemoRequest(uploads, mapping, tenant, days, with_airflow=not no_airflow)
    found = run_demo(load_settings(), request, console)
    if report:
        write_atomically(report.resolve(), found.to_json().encode())
    render(console, found)
    if report:
        console.print(f"The report is in {report}.", markup=False)

"""`recolake lineage`: the graph up and down from one thing. Other packages hang further things in."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recolake.lineage.graph import Direction
    from recolake.lineage.known import Lineage
    from recolake.lineage.names import Node

MOST_UPLOADS = 10

lineage = typer.Typer(no_args_is_help=True, help="Where data came from, and what was made of it.")


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    SVG = "svg"


TenantName = Annotated[str, typer.Option("--tenant", help="Whose data; nobody else's are shown")]
Up = Annotated[bool, typer.Option("--up", help="Only what it was made from")]
Down = Annotated[bool, typer.Option("--down", help="Only what was made of it")]
Output = Annotated[Format, typer.Option("--format", help="How to draw it")]
To = Annotated[Path | None, typer.Option("--to", help="File to write; default: standard output")]
Everything = Annotated[
    bool, typer.Option("--all", help=f"Every upload one by one, also beyond {MOST_UPLOADS}; JSON always is")
]


@lineage.command("upload")
def _upload(
    upload_id: Annotated[str, typer.Argument(help="Id of the upload, or its first digits")],
    tenant: TenantName,
    up: Up = False,
    down: Down = False,
    output: Output = Format.TEXT,
    to: To = None,
    everything: Everything = False,
) -> None:
    """From an upload forward to every model that learned from it."""
    from recolake.lineage.queries import find_upload

    known = read_lineage(tenant)
    show(known, find_upload(known, upload_id), directions(up, down), output, to, everything)


@lineage.command("table")
def _table(
    name: Annotated[str, typer.Argument(help="Such as silver.events")],
    tenant: TenantName,
    version: Annotated[
        int | None, typer.Option(help="One Delta version; default: all that are known")
    ] = None,
    up: Up = False,
    down: Down = False,
    output: Output = Format.TEXT,
    to: To = None,
    everything: Everything = False,
) -> None:
    """What a table was built from, and what was made of it."""
    from recolake.lineage.queries import find_table

    known = read_lineage(tenant)
    show(known, find_table(known, name, version), directions(up, down), output, to, everything)


@lineage.command("model")
def _model(
    version: Annotated[str, typer.Argument(help="Such as v3")],
    tenant: TenantName,
    up: Up = False,
    down: Down = False,
    output: Output = Format.TEXT,
    to: To = None,
    everything: Everything = False,
) -> None:
    """What a model learned from, and where it is served."""
    from recolake.lineage.queries import find_model

    known = read_lineage(tenant)
    show(known, find_model(known, version), directions(up, down), output, to, everything)


@lineage.command("send")
def _send(
    tenant: TenantName,
    again: Annotated[bool, typer.Option("--again", help="Also what was sent before")] = False,
) -> None:
    """Send the events to the OpenLineage backend that OPENLINEAGE_URL names."""
    from recolake.lineage.send import send_events
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant

    settings = load_settings()
    typer.echo(f"{send_events(settings, require_tenant(settings, tenant), again=again)} events sent")


def read_lineage(tenant: str) -> Lineage:
    """What is known of a tenant that must exist."""
    from recolake.lineage.known import lineage_of
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant

    settings = load_settings()
    return lineage_of(settings, require_tenant(settings, tenant))


def directions(up: bool, down: bool) -> list[Direction]:
    """What was asked for; nothing means both."""
    from recolake.lineage.graph import Direction

    asked = {Direction.UP: up, Direction.DOWN: down}
    return [way for way, wanted in asked.items() if wanted or not (up or down)]


def show(
    known: Lineage,
    starts: Iterable[Node],
    ways: list[Direction],
    output: Format,
    to: Path | None,
    everything: bool,
) -> None:
    """Draw the graph around these states of one thing, on standard output or into a file."""
    from recolake.files import write_atomically
    from recolake.lineage.draw import as_json, as_text
    from recolake.lineage.svg import as_svg
    from recolake.lineage.view import shortened, view_of

    view = view_of(known, starts, ways)
    if not everything and output is not Format.JSON:
        view = shortened(view, MOST_UPLOADS)
    drawn = {Format.TEXT: as_text, Format.JSON: as_json, Format.SVG: as_svg}[output](view)
    if to is None:
        typer.echo(drawn, nl=False)
    else:
        write_atomically(to, drawn.encode())
        typer.echo(f"written to {to}")


def register(app: typer.Typer) -> None:
    """Hang the commands in."""
    app.add_typer(lineage, name="lineage")

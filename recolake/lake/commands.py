"""`recolake sql`: one read-only query over one tenant's tables."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pyarrow as pa


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Hang the command in."""
    app.command("sql")(sql_command)


def sql_command(
    query: Annotated[str, typer.Argument(help="One SELECT, WITH, SHOW TABLES or DESCRIBE table")],
    tenant: Annotated[str, typer.Option(help="Whose rows")],
    output: Annotated[Format, typer.Option("--format", help="How to print the rows")] = Format.TABLE,
    limit: Annotated[int, typer.Option(help="Rows to print at most")] = 1000,
) -> None:
    """Query one tenant's tables (silver.events, gold.interactions, …), read-only."""
    from recolake.lake.engine import connect
    from recolake.lake.gateway import query_tenant
    from recolake.settings import load_settings
    from recolake.tenancy.directory import require_tenant

    settings = load_settings()
    who = require_tenant(settings, tenant)
    typer.echo(render(query_tenant(connect(settings), settings, who, query, limit), output), nl=False)


def render(rows: pa.Table, output: Format) -> str:
    """Rows as text that ends with a line end: a drawn table, CSV with a header, or one JSON object a line."""
    import io
    import json

    if output is Format.CSV:
        import csv

        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(rows.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in rows.columns), strict=True))
        return text.getvalue()
    if output is Format.JSON:
        return "".join(json.dumps(row, default=str, ensure_ascii=False) + "\n" for row in rows.to_pylist())
    return _drawn(rows)


def _drawn(rows: pa.Table) -> str:
    import io

    from rich.console import Console
    from rich.table import Table

    drawn = Table(*rows.column_names)
    for values in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        drawn.add_row(*("" if value is None else str(value) for value in values))
    text = io.StringIO()
    console = Console(file=text, width=None if rows.num_columns < 5 else 200, markup=False)
    console.print(drawn)
    console.print(f"{rows.num_rows:,} rows")
    return text.getvalue()

"""`recolake lake`."""

from __future__ import annotations

from typing import Annotated

import typer

lake = typer.Typer(help="The lake's tables themselves.", no_args_is_help=True)


@lake.command("maintain")
def _maintain(
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table (silver.events); repeatable")
    ] = None,
) -> None:
    """Compact every table and remove old files that no pinned model needs; running it again is harmless."""
    from recolake.errors import InvalidInputError
    from recolake.settings import load_settings
    from spark_jobs.maintenance.run import TENDED, maintain

    by_name = {each.qualified: each for each in TENDED}
    unknown = [name for name in table or () if name not in by_name]
    if unknown:
        raise InvalidInputError(
            f"There is no table {unknown[0]}.", hint=f"Tables: {', '.join(sorted(by_name))}.", field="table"
        )
    tables = [by_name[name] for name in table] if table else TENDED
    done = maintain(load_settings(), tables, progress=typer.echo)
    typer.echo(f"{len(done)} tables, {sum(each.removed for each in done)} old files removed.")


@lake.callback()
def _group() -> None:
    """Keeps `maintain` a command of its own while it is the only one."""

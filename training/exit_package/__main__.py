"""`python -m training.exit_package FOLDER --user ID`: recommendations from a package, without a platform."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recolake.errors import InvalidInputError, RecolakeError
from training.exit_package.recommend import person_of, recommend


def main(
    package: Annotated[Path, typer.Argument(help="What `recolake export` wrote")],
    user: Annotated[str | None, typer.Option(help="The person, by the tenant's own id")] = None,
    pseudonym: Annotated[str | None, typer.Option(help="The person, as the tables call them")] = None,
    k: Annotated[int, typer.Option("--k", "-k", help="How many items")] = 10,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Items bought before may return")
    ] = False,
) -> None:
    """Answer as the API did when the package was written."""
    try:
        if (user is None) == (pseudonym is None):
            raise InvalidInputError("Name a person by either --user or --pseudonym.", field="user")
        person = pseudonym if pseudonym is not None else person_of(package, str(user))
        for item in recommend(package, person, k, include_seen=include_seen):
            typer.echo(f"{item.item_id}\t{item.score:.4f}\t{item.reason}\t{item.title or ''}")
    except RecolakeError as error:
        typer.echo(f"{error.message} {error.hint or ''}".strip(), err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)

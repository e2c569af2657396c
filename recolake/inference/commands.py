"""`recolake mapping infer`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

mapping = typer.Typer(no_args_is_help=True, help="Mapping files: which columns become what.")


@mapping.command("infer")
def _infer(
    file: Annotated[Path, typer.Argument(help="A raw file; of a folder or an archive the first one in it")],
    out: Annotated[
        Path | None, typer.Option(help="Where to write the mapping, instead of showing it")
    ] = None,
) -> None:
    """Propose a mapping from a sample of a file, and say of each field how sure it is."""
    import tempfile

    from recolake.errors import UploadError
    from recolake.inference.propose import propose
    from recolake.inference.sample import take_sample
    from recolake.landing.gather import gather

    with tempfile.TemporaryDirectory(prefix="recolake-infer-") as scratch:
        first = gather([file], Path(scratch))[0]
        text = propose(take_sample(first), first.name)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UploadError(f"'{out}' cannot be written: {error.strerror}.", hint="Name a new file.") from error
    typer.echo(f"{out}: read it, put right what its comments doubt, then: recolake upload --mapping {out} …")


def register(app: typer.Typer) -> None:
    """Hang the commands about mappings into the command line."""
    app.add_typer(mapping, name="mapping")

"""`recolake kafka`."""

from __future__ import annotations

from typing import Annotated

import typer

kafka = typer.Typer(help="Messages on their way into the lake.", no_args_is_help=True)


@kafka.command("topics")
def _topics(
    partitions: Annotated[int, typer.Option(min=1, help="Of each topic that is made")] = 4,
    replication: Annotated[int, typer.Option(min=1, help="Brokers that keep each partition")] = 1,
) -> None:
    """Make the topics that are not there yet; those that are stay as they are."""
    from recolake.kafka.topics import ALL, ensure_topics
    from recolake.settings import load_settings

    made = ensure_topics(load_settings(), partitions=partitions, replication=replication)
    for name in ALL:
        typer.echo(f"{name}: {'made' if name in made else 'was there'}")

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


@kafka.command("lag")
def _lag(as_json: Annotated[bool, typer.Option("--json", help="As JSON")] = False) -> None:
    """How many messages wait for bronze, by topic and partition."""
    import json
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from recolake.kafka.position import measure_lag
    from recolake.settings import load_settings

    found = measure_lag(load_settings())
    if as_json:
        typer.echo(json.dumps([asdict(lag) | {"behind": lag.behind, "lost": lag.lost} for lag in found]))
        return
    table = Table("topic", "partition", "in bronze up to", "end", "behind", "lost", box=None, pad_edge=False)
    for lag in found:
        table.add_row(
            lag.topic, *(f"{n:,}" for n in (lag.partition, lag.done, lag.end, lag.behind, lag.lost))
        )
    Console().print(table)
    typer.echo(f"{sum(lag.behind for lag in found)} messages wait")
    if lost := sum(lag.lost for lag in found):
        typer.echo(
            f"{lost} messages were dropped by Kafka before they were read: consume more often, or let it"
        )
        typer.echo("keep them longer (retention.ms).")

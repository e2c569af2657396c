"""`recolake recommend`: asks the API as any customer does."""

from __future__ import annotations

from typing import Annotated

import typer


def _recommend(
    tenant: Annotated[str, typer.Option(help="Whose API key to use")],
    user: Annotated[str, typer.Option(help="The person, by the tenant's own id; or what is popular")] = "",
    k: Annotated[int, typer.Option("-k", help="How many items, 1 to 1000")] = 10,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Items bought before may return")
    ] = False,
) -> None:
    """Ask the recommendation API what a person should see."""
    from rich.console import Console
    from rich.table import Table

    from recolake.settings import load_settings
    from serving.client import api_key, ask

    settings = load_settings()
    answer = ask(settings, api_key(settings, tenant), user or None, k, include_seen=include_seen)
    table = Table("item", "title", "score", "why", box=None, pad_edge=False)
    for item in answer["items"]:
        table.add_row(item["item_id"], item["title"] or "", f"{item['score']:.3f}", item["reason_text"])
    console = Console()
    console.print(table)
    said = [f"strategy {answer['strategy']}", f"model {answer['model_version']}", answer["recommendation_id"]]
    if answer["fallback"]:
        said.insert(1, f"because of {answer['fallback']}")
    console.print(", ".join(said), soft_wrap=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Hang the command in."""
    app.command("recommend")(_recommend)

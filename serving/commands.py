"""`recolake recommend`: asks the API as any customer does."""

from __future__ import annotations

from typing import Annotated

import typer

from recolake.kinds.kinds import Kind


def _recommend(
    tenant: Annotated[str, typer.Option(help="Whose API key to use")],
    user: Annotated[str, typer.Option(help="The person, by the tenant's own id; or what is popular")] = "",
    kind: Annotated[
        Kind, typer.Option(help="What kind of list; `users` is for programs alone")
    ] = Kind.FOR_USER,
    item: Annotated[
        list[str] | None, typer.Option(help="The item, basket or session to go by; again for more")
    ] = None,
    scenario: Annotated[str, typer.Option(help="A scenario of this kind")] = "",
    k: Annotated[
        int | None, typer.Option("-k", help="How many items, 1 to 1000; default: the scenario's, or 10")
    ] = None,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Items bought before may return")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Which of the person's own items speak for each")
    ] = False,
    condition: Annotated[
        str, typer.Option("--filter", help="Only items for which this holds, such as 'price < 20'")
    ] = "",
    exclude: Annotated[
        list[str] | None, typer.Option(help="An item that is not shown; again for more")
    ] = None,
) -> None:
    """Ask the recommendation API what a person should see."""
    from rich.console import Console
    from rich.table import Table

    from recolake.settings import load_settings
    from serving.client import api_key, ask, body_of

    settings = load_settings()
    key = api_key(settings, tenant)
    body = body_of(
        kind,
        user,
        item or [],
        k,
        include_seen=include_seen,
        explain=explain,
        condition=condition,
        exclude=exclude or [],
        scenario=scenario,
    )
    answer = ask(settings, key, kind, body)
    because = ["because of"] if explain else []
    table = Table("item", "title", "score", "why", *because, box=None, pad_edge=False)
    for found in answer["items"]:
        own = (found["explanation"] or {}).get("items", [])
        names = ", ".join(f"{each['title'] or each['item_id']} ({each['contribution']:.2f})" for each in own)
        said = [found["item_id"], found["title"] or "", f"{found['score']:.3f}", found["reason_text"]]
        table.add_row(*said, *([names] if explain else []))
    console = Console()
    console.print(table)
    said = [f"strategy {answer['strategy']}", f"model {answer['model_version']}", answer["recommendation_id"]]
    if answer["variant"] != "default":
        said.insert(2, f"variant {answer['variant']}")
    if answer["fallback"]:
        said.insert(1, f"because of {answer['fallback']}")
    console.print(", ".join(said), soft_wrap=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Hang the commands in."""
    from serving import lineage_command

    app.command("recommend")(_recommend)
    lineage_command.register()

"""`recolake lineage recommendation`: from an answer back to the files, and the lines, behind it."""

from __future__ import annotations

from typing import Annotated

import typer

from recolake.lineage.commands import Everything, Format, Output, TenantName, To, lineage


def _recommendation(
    recommendation_id: Annotated[str, typer.Argument(help="As the answer gave it: rec_v1_…")],
    tenant: TenantName,
    lines: Annotated[
        int,
        typer.Option(
            min=0, max=10_000, help="Also list so many events of the person and the items, by file and line"
        ),
    ] = 0,
    output: Output = Format.TEXT,
    to: To = None,
    everything: Everything = False,
) -> None:
    """From a recommendation back to the model, the table versions and the uploaded files behind it."""
    from recolake.lineage.commands import read_lineage, show
    from recolake.lineage.graph import Direction
    from recolake.settings import load_settings
    from recolake.tenancy.context import Tenant
    from serving.ids import RecommendationIds
    from serving.origin import origin_of

    known = read_lineage(tenant)
    settings, owner = load_settings(), Tenant(tenant)
    minted, manifest = origin_of(settings, RecommendationIds.of(settings), owner, recommendation_id)
    node = known.answered(recommendation_id, manifest, minted.served_at)
    show(known, [node], [Direction.UP], output, to, everything)
    if not lines:
        return

    from recolake.lake.engine import connect
    from recolake.lineage.lines import answer_of, as_lines, lines_behind

    spark = connect(settings)
    answer = answer_of(spark, settings, owner, recommendation_id)
    if answer is None:
        typer.echo(
            "\nWhom it was for is not in the lake yet: `recolake usage ship` brings it there.", err=True
        )
        return
    found = lines_behind(spark, settings, owner, answer, manifest, lines)
    # A drawing on standard output stays one that programs can read.
    beside = to is None and output is not Format.TEXT
    for line in ["", f"{len(found)} events behind it:", *as_lines(found)]:
        typer.echo(line, err=beside)


def register() -> None:
    """Hang the command in beside the kernel's own."""
    lineage.command("recommendation")(_recommendation)

"""`recolake ope`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ope)


def ope(
    log: Annotated[Path, typer.Option(help="What a policy showed, with propensities and rewards")],
    policy: Annotated[str, typer.Option(help="What to evaluate: a file, uniform, or column:NAME of the log")],
    report: Annotated[Path | None, typer.Option(help="Write the report here, as JSON")] = None,
    context: Annotated[
        str | None, typer.Option(help="Columns of the situation, separated by commas; else context, if there")
    ] = None,
    action: Annotated[str, typer.Option(help="Column of what was shown")] = "action",
    position: Annotated[
        str | None, typer.Option(help="Column of the place in the list; else position, if there")
    ] = None,
    reward: Annotated[str, typer.Option(help="Column of what came of it, such as 1 for a click")] = "reward",
    propensity: Annotated[str, typer.Option(help="Column of the logged chance of the action")] = "propensity",
    unit: Annotated[
        str | None, typer.Option(help="Column of what is independent, such as a request; else each row")
    ] = None,
    clip: Annotated[float | None, typer.Option(help="The largest weight allowed; else no limit")] = None,
    interval: Annotated[str, typer.Option(help="bootstrap or normal")] = "bootstrap",
    confidence: Annotated[float, typer.Option(help="Of the intervals")] = 0.95,
    seed: Annotated[int, typer.Option(help="Fixes every draw", min=0)] = 0,
) -> None:
    """Estimate from another policy's log what a policy would earn; needs no platform."""
    import time

    from training.off_policy import options, screen
    from training.off_policy.evaluate import evaluate
    from training.off_policy.report import report as reported

    began = time.perf_counter()
    question = options.question(clip, interval, confidence, seed)
    names = options.columns(context, action, position, reward, propensity, unit)

    def progress(message: str) -> None:
        typer.echo(f"[{time.perf_counter() - began:6.1f} s] {message}", err=True)

    progress(f"reading {log.name}")
    read, table = options.inputs(log, policy, names)
    progress(
        f"{len(read)} rows, {len(read.action.names)} actions, {len(read.position.names)} positions, "
        f"{len(read.context.names)} contexts"
    )
    found = evaluate(read, table, question, progress)
    if report:
        reported(policy, log, read, question, found, time.perf_counter() - began).write(report)
    for line in screen.table(found):
        typer.echo(line)

"""`recolake evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_File = Path | None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


def evaluate(
    train: Annotated[_File, typer.Option(help="Interactions to learn from")] = None,
    test: Annotated[_File, typer.Option(help="Interactions to foresee")] = None,
    valid: Annotated[_File, typer.Option(help="Interactions to tune on; else cut from train")] = None,
    negatives: Annotated[_File, typer.Option(help="Rank each user's test item among these alone")] = None,
    data: Annotated[_File, typer.Option(help="One file that --split cuts into train and test")] = None,
    split: Annotated[str | None, typer.Option(help="leave-last-out, cold-items or cold-users")] = None,
    items: Annotated[_File, typer.Option(help="What the items are: a row each")] = None,
    users: Annotated[_File, typer.Option(help="What the users are: a row each")] = None,
    model: Annotated[str, typer.Option(help="Name of a model, or auto")] = "auto",
    against: Annotated[str | None, typer.Option(help="A second model, to be compared with")] = None,
    target: Annotated[str, typer.Option(help="new: what a user never had; all: re-purchases count")] = "new",
    budget: Annotated[float, typer.Option(help="Seconds, the final fit included", min=1)] = 600,
    k: Annotated[str, typer.Option(help="Cut-offs, separated by commas")] = "10,20",
    seed: Annotated[int, typer.Option(help="Fixes every draw", min=0)] = 0,
    checkpoints: Annotated[_File, typer.Option(help="Folder: training that was stopped goes on")] = None,
    report: Annotated[_File, typer.Option(help="Write the report here, as JSON")] = None,
    lists: Annotated[_File, typer.Option(help="Write what was recommended here, as .npz")] = None,
) -> None:
    """Measure a model on files; needs no platform."""
    from training.auto.budget import Budget
    from training.auto.ladder import rungs
    from training.benchmark.evaluate import evaluate as run
    from training.benchmark.lists import write_lists
    from training.benchmark.options import cutoffs, described_by, files, targeted

    clock = Budget(budget)
    ks = cutoffs(k)
    for name in filter(None, (model, against)):
        rungs(name)
    described = described_by(users, items)
    loaded = files(train, test, valid, negatives, data, split, targeted(target), seed, described)

    def progress(message: str) -> None:
        typer.echo(f"[{clock.left:5.0f} s left] {message}", err=True)

    people, things = loaded.problem.catalogue.shape
    progress(f"{people} users, {things} items, {len(loaded.problem.log)} events in train")
    found = run(loaded, model, ks, clock, seed, progress, checkpoints, against)
    if report:
        found.report.write(report)
    if lists:
        write_lists(lists, loaded.problem, found.rows)
    for name, estimate in found.report.metrics.items():
        typer.echo(f"{name:>12}: {estimate['value']:.4f} [{estimate['low']:.4f}, {estimate['high']:.4f}]")
    for name, gain in (found.report.against or {"metrics": {}})["metrics"].items():
        of_both = f"{gain['gain']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}]"
        typer.echo(f"{name:>12}: {of_both} more than the {gain['value']:.4f} of {against}")

"""`recolake simulate` and `simulate-log`: files of a shop that does not exist, with known ground truth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(simulate)
    app.command()(simulate_log)


def simulate(
    out: Annotated[Path, typer.Option(help="Folder to write: uploads/*.csv, truth.json, truth.npz")],
    days: Annotated[int, typer.Option(help="Days; the first n days of a shop are always the same")] = 120,
    seed: Annotated[int, typer.Option(help="Another seed is another shop")] = 7,
    users: Annotated[int, typer.Option(help="People on the first day; more arrive daily")] = 500,
    items: Annotated[int, typer.Option(help="Items on the first day; more arrive daily")] = 450,
    sessions_per_day: Annotated[
        float, typer.Option(help="Sessions a day in the beginning, on average")
    ] = 65.0,
    compress: Annotated[bool, typer.Option("--gzip", help="Write .csv.gz")] = False,
) -> None:
    """Write the raw daily files of a simulated shop."""
    from recolake.simulator.config import ShopConfig
    from recolake.simulator.shop import write_shop

    config = ShopConfig(seed=seed, days=days, users=users, items=items, sessions_per_day=sessions_per_day)
    with typer.progressbar(length=days, label="Simulating", file=sys.stderr) as bar:
        shop = write_shop(out, config, compress=compress, progress=lambda done, total: bar.update(1))
    typer.echo(
        f"{shop.truth.rows} rows in {len(shop.files)} files under {shop.files[0].parent}; truth in {out}"
    )


def simulate_log(
    out: Annotated[Path, typer.Option(help="Folder to write: log.csv, policy.csv, truth.json")],
    requests: Annotated[int, typer.Option(help="Requests, each answered with a list", min=1)] = 10_000,
    seed: Annotated[int, typer.Option(help="Another seed is another shop", min=0)] = 7,
    actions: Annotated[int, typer.Option(help="Items to choose from", min=2)] = 20,
    positions: Annotated[int, typer.Option(help="Length of a list", min=1)] = 3,
) -> None:
    """Write what a known policy showed in a simulated shop, another policy, and what both are worth."""
    from recolake.simulator.showcase import LogConfig, write_log

    truth = write_log(out, LogConfig(seed, requests, actions, positions))
    typer.echo(f"{requests * positions} rows in {out / 'log.csv'}")
    typer.echo(f"True reward a row: logged policy {truth.logged:.5f}, policy.csv {truth.policy:.5f}")

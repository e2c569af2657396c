"""Versions of models as people read them, and as programs do."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.evaluation.protocol import METRIC, Target
from training.versions.catalogue import Version
from training.versions.compare import Comparison

_WIDTH = 140


def as_json(found: Any) -> str:
    """Dataclasses, or a list of them; times are ISO 8601."""
    plain = [asdict(each) for each in found] if isinstance(found, list) else asdict(found)
    return json.dumps(plain, indent=2, default=lambda value: value.isoformat(), ensure_ascii=False)


def show_versions(versions: list[Version]) -> None:
    """One line a version, newest first."""
    targets = [target.value for target in Target]
    titles = [f"{METRIC} {target.replace('_', ' ')}" for target in targets]
    table = Table("version", "state", "trained (UTC)", "algorithm", *titles, "gate", box=None, pad_edge=False)
    for version in versions:
        table.add_row(
            version.version,
            _state(version),
            f"{version.trained_at:%Y-%m-%d %H:%M}",
            escape(version.algorithm or "-"),
            *(_figure(version.measured.get(target, {})) for target in targets),
            "[green]passed[/]" if version.gate_passed else "[red]refused[/]",
        )
    console = _console()
    console.print(table)
    for version in versions:
        if version.gate_passed:
            continue
        for reason in version.gate_refusals or version.gate_reasons:
            console.print(f"{version.version} was refused: {reason}", markup=False, soft_wrap=True)
    if any(version.held for version in versions):
        console.print("Rolled back: only `recolake models promote` changes what is served.", markup=False)


def show_comparison(found: Comparison) -> None:
    """Figures side by side, then what was different."""
    one, other = found.first, found.second
    console = _console()
    table = Table("target", "metric", one.version, other.version, "difference", box=None, pad_edge=False)
    for row in found.metrics:
        gained = row.difference
        table.add_row(
            row.target,
            row.metric,
            _bounds(row.first),
            _bounds(row.second),
            ""
            if gained is None
            else f"{_bounds((gained.estimate.value, gained.estimate.low, gained.estimate.high), sign='+')} "
            f"over {gained.people:,} people",
        )
    console.print(table)
    if not found.paired:
        windows = f"{one.window or 'none recorded'}, {other.window or 'none recorded'}"
        console.print(f"Not the same window, so no differences: {windows}", markup=False)
    changes = Table("what differs", one.version, other.version, box=None, pad_edge=False)
    if found.code is not None:
        changes.add_row("code", *(escape(str(value)) for value in found.code))
    for name, values in (*found.configuration.items(), *found.tables.items()):
        changes.add_row(name, *("-" if value is None else escape(str(value)) for value in values))
    console.print(changes if changes.row_count else "Code, configuration and table versions are the same.")


def _console() -> Console:
    # Lines stay in one piece in a narrow window and in a pipe too.
    return Console(highlight=False, width=max(Console().width, _WIDTH))


def _state(version: Version) -> str:
    words = []
    if version.served:
        words.append("[green]served[/]" + (", held" if version.held else ""))
    if version.alias and not version.served:
        words.append(version.alias)
    if version.withdrawn:
        words.append("[yellow]withdrawn[/]")
    return ", ".join(words)


def _figure(metrics: Any) -> str:
    return _bounds(
        tuple(metrics[METRIC + suffix] for suffix in ("", "_low", "_high")) if METRIC in metrics else None
    )


def _bounds(found: tuple[float, ...] | None, sign: str = "") -> str:
    if found is None:
        return "-"
    value, low, high = found
    if low == value == high and value.is_integer():
        return f"{value:{sign},.0f}"
    return f"{value:{sign}.4f} ({low:{sign}.4f} to {high:{sign}.4f})"

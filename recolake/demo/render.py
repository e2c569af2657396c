"""The report for people: tables on the screen."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from recolake.demo.report import DemoReport, PersonAnswer, Rows, Stage
from recolake.lake.read import TableState

_SHOWN_HISTORY = 5
_SHOWN_ITEMS = 5
# Ends of the 95 % intervals are in the JSON, not on the screen.
_BOUNDS = ("_low", "_high")


def render(console: Console, report: DemoReport) -> None:
    """Print the whole report."""
    console.print()
    console.print(_rows(report.rows))
    console.print(_tables(report.tables))
    for target in sorted({t for targets in report.metrics.values() for t in targets}, reverse=True):
        console.print(_metrics(report.metrics, target))
    for person in report.recommendations:
        console.print(_person(person))
    console.print(_stages(report.stages, report.startup_seconds, report.total_seconds))
    console.print(_urls(report.urls))


def _grid(title: str, *columns: str, numbers: Collection[str] = ()) -> Grid:
    """A table without lines; the columns named in `numbers` stand to the right."""
    grid = Grid(
        title=f"\n{title}", title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD
    )
    for column in columns:
        grid.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return grid


def _rows(rows: Rows) -> Grid:
    grid = _grid("Rows", "", "rows", numbers=("rows",))
    for name, count in (("in", rows.rows_in), ("accepted", rows.accepted), ("repeats", rows.repeats),
                        ("quarantined", rows.quarantined)):  # fmt: skip
        grid.add_row(name, f"{count:,}")
    for reason, count in rows.reasons.items():
        grid.add_row(f"  {reason}", f"{count:,}", style="dim")
    return grid


def _tables(tables: dict[str, TableState]) -> Grid:
    grid = _grid("Delta tables", "table", "rows", "version", numbers=("rows", "version"))
    for name, state in tables.items():
        grid.add_row(name, f"{state.rows:,}", str(state.version))
    return grid


def _metrics(metrics: dict[str, dict[str, dict[str, float]]], target: str) -> Grid:
    found = {m for targets in metrics.values() for m in targets.get(target, {})}
    names = sorted(name for name in found if not name.endswith(_BOUNDS))
    grid = _grid(f"Model beside baselines: {target.replace('_', ' ')}", "", *names, numbers=names)
    for who, targets in metrics.items():
        values = [targets.get(target, {}).get(name) for name in names]
        cells = ["" if v is None else f"{v:.4f}" for v in values]
        grid.add_row(who, *cells, style="bold green" if who == "champion" else "")
    return grid


def _person(person: PersonAnswer) -> Grid:
    columns = ("took before", "is recommended", "score", "reason")
    grid = _grid(f"Person {person.user_id}", *columns, numbers=("score",))
    history = _shortened(person.history, _SHOWN_HISTORY)
    for line in range(max(len(history), min(len(person.items), _SHOWN_ITEMS))):
        item = person.items[line] if line < min(len(person.items), _SHOWN_ITEMS) else None
        grid.add_row(
            Text(history[line] if line < len(history) else ""),
            Text((item.title or item.item_id) if item else ""),
            f"{item.score:.3f}" if item else "", item.reason.replace("_", " ") if item else "",
        )  # fmt: skip
    return grid


def _shortened(titles: Sequence[str], most: int) -> list[str]:
    more = len(titles) - most
    return [*titles[:most], *([f"… and {more} more"] if more > 0 else [])]


def _stages(stages: Sequence[Stage], startup: float, total: float) -> Grid:
    grid = _grid("Stages", "stage", "seconds", "peak MiB", "", numbers=("seconds", "peak MiB"))
    for stage in stages:
        grid.add_row(stage.name, f"{stage.seconds:.1f}", f"{stage.peak_mib:,.0f}", Text(stage.note))
    grid.add_row(
        "total",
        f"{total:.1f}",
        "",
        Text(f"first upload to first answer; start of services {startup:.1f} s"),
        style="bold",
    )
    return grid


def _urls(urls: dict[str, str]) -> Grid:
    grid = _grid("Where to look", "", "")
    grid.show_header = False
    for name, url in urls.items():
        grid.add_row(name, Text(url))
    return grid

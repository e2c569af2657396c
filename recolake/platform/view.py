"""How the platform looks: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from rich.console import Console, JustifyMethod
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from recolake.platform.control import Progress, Status
from recolake.platform.state import Phase, ServiceState

_COLOURS = {Phase.HEALTHY: "green", Phase.EXTERNAL: "cyan", Phase.FAILED: "red", Phase.STOPPED: "dim"}
_WIDTH = 120
_SECRET = re.compile(r"(?<=:)[^:@/]+(?=@)|(?<=token=)[^&]+")


def hide_password(url: str | None) -> str:
    """The address without the password or token in it."""
    return _SECRET.sub("***", url or "")


@contextmanager
def progress() -> Iterator[Progress]:
    """What `up` calls with each service's state when it changes."""
    console = Console(highlight=False, soft_wrap=True)
    began = time.monotonic()
    states: dict[str, ServiceState] = {}
    if console.is_terminal:
        with Live(console=console, refresh_per_second=8) as live:

            def draw(name: str, state: ServiceState) -> None:
                states[name] = state
                live.update(_progress_table(states))

            yield draw
    else:

        def tell(name: str, state: ServiceState) -> None:
            if state.phase is not Phase.WAITING:
                where = f"  {hide_password(state.url)}" if state.phase.is_up and state.url else ""
                seconds = time.monotonic() - began
                console.print(f"{seconds:6.1f} s  {name:22} {state.phase}{where}", markup=False)

        yield tell


def _progress_table(states: dict[str, ServiceState]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, state in states.items():
        table.add_row(
            name, _coloured(state.phase), escape(hide_password(state.url) if state.phase.is_up else "")
        )
    return table


def show(lines: Sequence[Status]) -> None:
    """Print the table of `recolake status`."""
    # Addresses stay in one piece, so that they can be copied, in a narrow window and in a pipe too.
    console = Console(highlight=False, width=max(Console().width, _WIDTH))
    table = Table(box=None, pad_edge=False)
    for title in ("service", "health", "pid", "MiB", "up for", "restarts", "url"):
        numeric = title in ("pid", "MiB", "up for", "restarts")
        justify: JustifyMethod = "right" if numeric else "left"
        table.add_column(title, justify=justify, no_wrap=title != "url", overflow="fold")
    for line in lines:
        table.add_row(
            line.service,
            _coloured(Phase(line.health)),
            str(line.pid or ""),
            f"{line.memory_mib:,}" if line.pid else "",
            duration(line.uptime),
            str(line.restarts or ""),
            escape(hide_password(line.url)),
        )
    console.print(table)
    console.print(f"memory in all: {sum(line.memory_mib for line in lines):,} MiB")
    for line in lines:
        if line.behind is not None:
            console.print(f"{line.service}: {line.behind:,} messages wait for bronze")


def as_json(lines: Sequence[Status]) -> str:
    """The same for programs."""
    return json.dumps([asdict(line) | {"url": hide_password(line.url) or None} for line in lines], indent=2)


def duration(seconds: float | None) -> str:
    """`3 h 07 min`, `12 min` or `9 s`; empty for None."""
    if seconds is None:
        return ""
    minutes = int(seconds) // 60
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" if minutes else f"{int(seconds)} s"


def _coloured(phase: Phase) -> str:
    return f"[{_COLOURS.get(phase, 'yellow')}]{phase}[/]"

"""Progress of the stages while they run: a live bar each on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_LABELS = {
    "simulate": "Simulation", "startup": "Platform", "upload": "Upload", "ingest": "Ingest", "build": "Build",
    "materialize": "Features", "train": "Train", "publish": "Publish", "first_answer": "First answer",
}  # fmt: skip


class Board:
    """Shows stages. Every method may be called for a stage at any time, and again."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = console.is_terminal
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._progress = Progress(
            TextColumn("{task.fields[mark]} [bold]{task.description:<12}"), BarColumn(bar_width=24),
            TimeElapsedColumn(), TextColumn("{task.fields[note]}", markup=False), console=console,
        )  # fmt: skip

    def __enter__(self) -> Self:
        if self._live:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._progress.stop()

    def begin(self, stage: str, note: str = "") -> None:
        """A stage begins; calling it again only changes the note."""
        if stage in self._began:
            return self.note(stage, note)
        self._began[stage] = time.monotonic()
        self._said[stage] = note
        if self._live:
            self._tasks[stage] = self._progress.add_task(_label(stage), total=None, mark="…", note=note)
        else:
            self._line(stage, f"started{_after(note)}")
        return None

    def note(self, stage: str, note: str, done: int | None = None, total: int | None = None) -> None:
        """What a running stage is doing, and how far it is."""
        if stage not in self._began:
            return self.begin(stage, note)
        if self._live:
            self._progress.update(self._tasks[stage], note=note, completed=done or 0, total=total)
        elif note and self._said.get(stage) != note:
            self._line(stage, note)
        self._said[stage] = note
        return None

    def finish(self, stage: str, note: str = "", seconds: float | None = None) -> None:
        """A stage is done."""
        self.begin(stage)
        took = time.monotonic() - self._began[stage] if seconds is None else seconds
        if self._live:
            text = f"{took:.1f} s{_after(note)}"
            self._progress.update(
                self._tasks[stage], mark="[green]✓[/green]", note=text, completed=1, total=1
            )
            self._progress.stop_task(self._tasks[stage])
        else:
            self._line(stage, f"done in {took:.1f} s{_after(note)}")

    def skip(self, stage: str, why: str) -> None:
        """A stage had nothing to do."""
        if self._live:
            task = self._progress.add_task(_label(stage), total=1, completed=1, mark="[dim]–[/dim]", note=why)
            self._progress.stop_task(task)
        else:
            self._line(stage, why)

    def _line(self, stage: str, text: str) -> None:
        self._console.print(f"{_label(stage)}: {text}", markup=False, highlight=False, soft_wrap=True)


def _label(stage: str) -> str:
    return _LABELS.get(stage, stage)


def _after(note: str) -> str:
    return f", {note}" if note else ""

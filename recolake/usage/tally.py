"""What the present request used: its context carries it from the journal to the request log."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Tally:
    """Lines that were written for a request.

    `call` names the call where its caller did (`Idempotency-Key`): a retry's lines have the same ids.
    """

    call: str | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)

    def next_ids(self, count: int) -> list[str | None]:
        """Usage ids of the next lines; None where the caller gave the call no name."""
        first = len(self.lines)
        return [f"call_{self.call}_{first + n}" if self.call else None for n in range(count)]

    def note(self, tenant_id: str, usage_id: str, kind: str, units: int) -> None:
        """A line was written."""
        self.lines.append({"tenant": tenant_id, "id": usage_id, "kind": kind, "units": units})


current_tally: ContextVar[Tally | None] = ContextVar("recolake_tally", default=None)


class ContextThreads(ThreadPoolExecutor):
    """Threads in which the context of who submits holds."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        return super().submit(copy_context().run, fn, *args, **kwargs)

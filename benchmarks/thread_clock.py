"""Processor time of named functions, by their threads' own clocks, each less what it calls of the others."""

from __future__ import annotations

import inspect
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from contextvars import ContextVar
from functools import wraps
from typing import Any
from unittest.mock import patch

_inner: ContextVar[list[float] | None] = ContextVar("inner", default=None)


class ThreadClock(ExitStack):
    """Within it functions are timed; what they spent, in seconds, is in `spent` by name.

    A coroutine's time is that of its thread from its start to its end: right as long as the thread has
    nothing else to do meanwhile, as with a single client.
    """

    def __init__(self) -> None:
        super().__init__()
        self.spent: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def time(self, owner: Any, function: str, name: str) -> None:
        """Time a class's or a module's function from now on."""
        plain = getattr(owner, function)
        self.spent[name] = 0.0

        @wraps(plain)
        def timed(*args: Any, **kwargs: Any) -> Any:
            began, outer, inner = time.thread_time(), _inner.get(), [0.0]
            token = _inner.set(inner)
            try:
                return plain(*args, **kwargs)
            finally:
                _inner.reset(token)
                self._note(name, time.thread_time() - began, inner, outer)

        @wraps(plain)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            began, outer, inner = time.thread_time(), _inner.get(), [0.0]
            token = _inner.set(inner)
            try:
                return await plain(*args, **kwargs)
            finally:
                _inner.reset(token)
                self._note(name, time.thread_time() - began, inner, outer)

        chosen = awaited if inspect.iscoroutinefunction(plain) else timed
        self.enter_context(patch.object(owner, function, chosen))

    def _note(self, name: str, spent: float, inner: list[float], outer: list[float] | None) -> None:
        with self._lock:
            self.spent[name] += spent - inner[0]
        if outer is not None:
            outer[0] += spent

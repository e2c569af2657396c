"""A circuit breaker: while a dependency fails, do not spend every request's deadline on finding out again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Opens after some failures in a row; then lets one probe through per cooldown until one succeeds."""

    def __init__(
        self,
        *,
        failures: int = 5,
        cooldown_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._cooldown = cooldown_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._next_probe = 0.0

    @property
    def open(self) -> bool:
        """Whether calls are being refused."""
        return self._failures >= self._limit

    def allow(self) -> bool:
        """Whether to call; asks to be told how the call went."""
        with self._lock:
            if self._failures < self._limit:
                return True
            now = self._clock()
            if now < self._next_probe:
                return False
            self._next_probe = now + self._cooldown
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures == self._limit:
                self._next_probe = self._clock() + self._cooldown

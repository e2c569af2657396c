"""What is done to an API under load: each makes ready, then gives what to call when the moment has come."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.serving_load import Shot
from benchmarks.serving_shop import QUIET, WORKER_IS_UP, Shop
from benchmarks.waiting import until
from recolake.platform.processes import workers
from recolake.platform.state import log_file
from recolake.ranking.pointer import activate

_PATIENCE_SECONDS = 200.0


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when it happened, by the monotonic clock; `forgives`: requests of that time may fail."""

    began: float
    ended: float
    forgives: bool = False

    def holds(self, shot: Shot) -> bool:
        """Whether a request was under way in it."""
        return shot.done >= self.began and (shot.sent is None or shot.sent <= self.ended)


def swap(shop: Shop) -> Callable[[], Window]:
    """Another version of the model is there; it takes over, and the first comes back."""
    shop.prepare("v2")

    def act() -> Window:
        began = time.monotonic()
        _take_over(shop, "v2")
        _take_over(shop, "v1")
        return Window(began, time.monotonic())

    return act


def restart(shop: Shop) -> Callable[[], Window]:
    """Every worker is replaced, one after the other."""

    def act() -> Window:
        began, old = time.monotonic(), workers(shop.server)
        shop.server.send_signal(signal.SIGHUP)
        _until(lambda: len(workers(shop.server)) == len(old) and not workers(shop.server) & old)
        return Window(began, time.monotonic())

    return act


def kill(shop: Shop) -> Callable[[], Window]:
    """One worker dies at once; the window ends when its sockets are gone with it."""

    def act() -> Window:
        ready, victim = _told(shop, WORKER_IS_UP), min(workers(shop.server), key=lambda each: each.pid)
        gone = os.pidfd_open(victim.pid)
        began = time.monotonic()
        victim.kill()
        select.select([gone], [], [])
        window = Window(began, time.monotonic(), forgives=True)
        os.close(gone)
        _until(lambda: ready() > 0)
        return window

    return act


DISTURBANCES: Mapping[str, Callable[[Shop], Callable[[], Window]]] = {
    "swap": swap,
    "restart": restart,
    "kill": kill,
}


def _take_over(shop: Shop, version: str) -> None:
    """Point at a version, and wait until every worker serves it."""
    taken = _told(shop, b'"model_in_service"')
    activate(shop.settings, QUIET, version)
    _until(lambda: taken() >= shop.settings.api_workers)


def _told(shop: Shop, words: bytes) -> Callable[[], int]:
    """How often the API's workers have written these words into their log from now on."""
    log = log_file(shop.settings, "api")
    begin = log.stat().st_size

    def count() -> int:
        with log.open("rb") as stream:
            stream.seek(begin)
            return stream.read().count(words)

    return count


def _until(condition: Callable[[], bool]) -> None:
    until(
        condition,
        _PATIENCE_SECONDS,
        lambda: f"It did not happen in {_PATIENCE_SECONDS:.0f} s; see the API's log.",
    )

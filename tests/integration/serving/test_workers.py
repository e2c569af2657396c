"""Workers of the API are killed and replaced while customers ask: who is answered does not notice."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import pytest

from recolake.endpoints import resolve
from recolake.platform import control
from recolake.platform.processes import workers as workers_of
from recolake.platform.state import log_file, pid_file
from recolake.settings import Settings

CUSTOMERS = 2
_UP = "Application startup complete"
Eventually = Callable[[Callable[[], object]], None]


@dataclass(frozen=True)
class Asked:
    """One request: when it left, when its answer was there or failed to come, and its status."""

    sent: float
    done: float
    status: int | None


@pytest.fixture(scope="module")
def busy_shop(
    tmp_path_factory: pytest.TempPathFactory, shop_on: Callable[[Settings], Any], eventually: Eventually
) -> Iterator[Any]:
    """A platform of Redis and two workers of the API, where model v1 knows ada."""
    home = tmp_path_factory.mktemp("workers") / "home"
    shop = shop_on(Settings(home=home, feature_deadline_seconds=5.0, api_workers=2))
    try:
        control.up(shop.settings, ["redis"])
        shop.publish_registry()
        shop.publish("v1", ["ada"])
        control.up(shop.settings, ["api"])
        # It is up when one of them answers.
        eventually(lambda: started(shop.settings) == shop.settings.api_workers)
        yield shop
    finally:
        control.down(shop.settings)


def workers(settings: Settings) -> set[psutil.Process]:
    server = pid_file(settings, "api").process()
    assert server is not None
    return workers_of(server)


def started(settings: Settings) -> int:
    """How many workers have been ready so far."""
    return log_file(settings, "api").read_text().count(_UP)


@contextmanager
def customers(shop: Any) -> Iterator[list[Asked]]:
    """Some who ask without a pause, each over a connection that it keeps."""
    asked: list[Asked] = []
    stop, secret, url = threading.Event(), shop.key(), resolve(shop.settings, "api")

    def ask() -> None:
        bearer = {"Authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=url, headers=bearer, trust_env=False, timeout=30) as http:
            while not stop.is_set():
                sent, status = time.monotonic(), None
                with suppress(httpx.TransportError):
                    status = http.post("/v1/recommendations", json={"user_id": "ada"}).status_code
                asked.append(Asked(sent, time.monotonic(), status))

    threads = [threading.Thread(target=ask) for _ in range(CUSTOMERS)]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def more(asked: list[Asked], eventually: Eventually) -> None:
    """Until every customer has asked a few times more."""
    now = len(asked)
    eventually(lambda: len(asked) > now + 10 * CUSTOMERS)


def killed(worker: psutil.Process) -> tuple[float, float]:
    """Kill it; from when on, and until when, requests may have been with it."""
    handle = os.pidfd_open(worker.pid)
    began = time.monotonic()
    worker.kill()
    select.select([handle], [], [])
    ended = time.monotonic()
    os.close(handle)
    return began, ended


def test_a_killed_worker_takes_no_request_with_it_but_those_that_it_had(
    busy_shop: Any, eventually: Eventually
) -> None:
    running = busy_shop.settings
    before = started(running)
    with customers(busy_shop) as asked:
        more(asked, eventually)
        victim = sorted(workers(running), key=lambda each: each.pid)[0]
        began, ended = killed(victim)
        more(asked, eventually)
        eventually(lambda: started(running) > before)
        more(asked, eventually)
    lost = [each for each in asked if each.status != httpx.codes.OK]
    assert all(each.status is None and each.sent <= ended and each.done >= began for each in lost), lost
    assert len(lost) <= CUSTOMERS
    assert victim not in workers(running)


def test_workers_are_replaced_one_after_the_other_and_no_request_is_lost(
    busy_shop: Any, eventually: Eventually
) -> None:
    running = busy_shop.settings
    server, old = pid_file(running, "api").process(), workers(running)
    assert server is not None
    with customers(busy_shop) as asked:
        more(asked, eventually)
        server.send_signal(signal.SIGHUP)
        eventually(lambda: len(workers(running)) == len(old) and not workers(running) & old)
        more(asked, eventually)
    assert {each.status for each in asked} == {httpx.codes.OK}
    assert server.is_running()

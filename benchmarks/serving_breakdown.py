"""What one answer of `POST /v1/recommendations` costs the server's processor, layer by layer.

    python -m benchmarks.serving_breakdown [--requests 2000] [--items 4000] [--report FILE]

One process, a Redis and a made-up shop of its own (`benchmarks/serving_shop.py`), all removed at the end.
The application is the real one behind uvicorn, with authentication, limits, usage journal, metrics and log; a
client in another process asks over one keep-alive connection for 10 items, for people drawn by Zipf's law.

Figures are processor time, not time: they hold on a busy machine, too, though its caches are colder there.
What the event loop's thread and the answering threads spend on a request is measured first, with nothing in
the way; what others do meanwhile (they follow files and queues, whether or not anybody asks) is told apart.
Then each layer's entrance is timed by its thread's own clock, less what it calls of other layers, and the
rest is what remains. A plain route of FastAPI, and one GET of Redis, are in the same run.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Threads of a matrix product would spin beside the server's own; the platform starts the API so, too.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import redis
import uvicorn
from fastapi import FastAPI

from benchmarks.serving import end_in_order
from benchmarks.serving_requests import zipfian
from benchmarks.serving_shop import PEOPLE, QUIET, furnished
from benchmarks.thread_clock import ThreadClock
from recolake.endpoints import resolve
from recolake.telemetry import configure_logging

_WARM_UP = 300
_PATH = "/v1/recommendations"
# How names of threads begin.
_LOOP, _ANSWER, _OTHER = "loop", "answer", ""
_LIMITS = "limits: one script in Redis"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Microseconds of the server's processor time for one request.

    `whole` is without the layers' clocks, which cost something: the layers add up to a little more or less.
    `others` is what background threads did meanwhile, which grows with the time that requests take.
    """

    plain_route: float
    redis_get: float
    whole: float
    others: float
    layers: dict[str, float]


def main() -> None:
    """Measure and print; JSON with --report."""
    parser = argparse.ArgumentParser(description="Processor time of one answer")
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--items", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path, help="write the results as JSON")
    given = parser.parse_args()
    end_in_order()
    found = measure(given.items, given.requests, given.seed)
    say(found)
    if given.report:
        given.report.write_text(json.dumps(asdict(found), indent=2) + "\n")


def measure(items: int, requests: int, seed: int) -> Breakdown:
    """The whole benchmark."""
    # No answer may be a lesser one because the machine is busy.
    with furnished(items, feature_deadline_seconds=5.0) as shop:
        settings, secret = shop.settings, shop.keys[QUIET]
        # As with several workers, of which each writes its metrics to files.
        metrics = settings.home / "metrics"
        metrics.mkdir()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
        from serving.app import create_app

        asked = zipfian(PEOPLE, max(requests, _WARM_UP), 10, np.random.default_rng(seed))
        bodies = [body.decode() for body in asked]
        with _silent(), _listening(create_app(settings)) as port:
            client = _Client(port, secret, bodies)
            client.ask(_WARM_UP)
            answers = _spent(client.ask, requests)
            with _layers() as clock:
                timed = _spent(client.ask, requests)
        with _listening(_plain()) as port:
            client = _Client(port, secret, bodies)
            client.ask(_WARM_UP)
            plain = _spent(client.ask, requests)
        bare = redis.Redis.from_url(resolve(settings, "redis"))
        get = _spent(lambda count: [bare.get("nothing") for _ in range(count)], requests)
    layers = {name: round(spent / requests * 1e6, 1) for name, spent in clock.spent.items()}
    in_threads = sum(spent for name, spent in layers.items() if name != _LIMITS)
    layers["HTTP, routing, authentication, validation, JSON, log"] = round(timed[_LOOP] - layers[_LIMITS], 1)
    layers["the pipeline around them, handing over to a thread"] = round(timed[_ANSWER] - in_threads, 1)
    whole = round(answers[_LOOP] + answers[_ANSWER], 1)
    return Breakdown(plain[_LOOP], get[_OTHER], whole, answers[_OTHER], layers)


def say(found: Breakdown) -> None:
    """Print the table."""
    rows = [("a plain FastAPI route", found.plain_route), ("a GET of Redis", found.redis_get)]
    rows += [("an answer", found.whole), *((f"  {name}", spent) for name, spent in found.layers.items())]
    rows.append(("background threads meanwhile", found.others))
    for name, spent in rows:
        print(f"{name:60} {spent:8.0f} µs")


def _spent(work: Callable[[int], Any], count: int) -> dict[str, float]:
    """Microseconds of processor time each, by kind of thread of this process."""
    before = _clocks()
    work(count)
    after = _clocks()
    return {kind: round((after[kind] - before[kind]) / count * 1e6, 1) for kind in after}


def _clocks() -> dict[str, float]:
    """Seconds that threads worked so far, by kind."""
    found = dict.fromkeys((_LOOP, _ANSWER, _OTHER), 0.0)
    for thread in threading.enumerate():
        kind = next((kind for kind in (_LOOP, _ANSWER) if thread.name.startswith(kind)), _OTHER)
        if thread.ident is not None:
            found[kind] += time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
    return found


def _plain() -> FastAPI:
    app = FastAPI()

    @app.post(_PATH)
    async def plain(body: dict[str, Any]) -> dict[str, Any]:
        return body

    return app


@contextmanager
def _layers() -> Iterator[ThreadClock]:
    """Time the entrances of the layers, in their own modules."""
    from recolake.ranking.second_stage.stage import SecondStage
    from recolake.usage.journal import UsageJournal
    from serving.api.recommendations import answered
    from serving.api.recommendations.kinds import personal
    from serving.hidden import Hidden
    from serving.limits.limiter import Limiter
    from serving.people import OnlineFeatures

    clock = ThreadClock()
    with clock:
        clock.time(Limiter, "admit", _LIMITS)
        clock.time(OnlineFeatures, "persons", "features of the person: one read of Redis")
        clock.time(Hidden, "rules", "hidden items")
        clock.time(personal, "rank", "first stage: FAISS, blend, order")
        clock.time(SecondStage, "reordered", "second stage")
        clock.time(answered, "items_of", "items of the answer")
        clock.time(UsageJournal, "append_all", "usage journal")
        yield clock


@contextmanager
def _silent() -> Iterator[None]:
    """Log as the service does, to nowhere."""
    shown = sys.stdout
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout = nowhere
        configure_logging("api")
        sys.stdout = shown
        yield
        logging.getLogger().handlers = []


@contextmanager
def _listening(app: FastAPI) -> Iterator[int]:
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name=_LOOP)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@dataclass(frozen=True)
class _Client:
    """Asks through `benchmarks.one_connection`."""

    port: int
    secret: str
    bodies: list[str]

    def ask(self, count: int) -> None:
        """The first requests, so many.

        Raises:
            subprocess.CalledProcessError: one was not answered 200.
        """
        asked = {
            "port": self.port,
            "path": _PATH,
            "headers": {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"},
            "bodies": self.bodies[:count],
        }
        command = [sys.executable, "-m", "benchmarks.one_connection"]
        subprocess.run(command, input=json.dumps(asked), text=True, check=True)


if __name__ == "__main__":
    main()

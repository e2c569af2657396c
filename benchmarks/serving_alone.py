"""How fast the API of a platform of its own answers, beside a plain route and a bare read of Redis, in turns.

The platform is Redis and the API, started by the platform's own service code with a made-up shop
(`serving_shop`); the load comes from this process. Each round measures all three for a third of its time, so
that what else the machine does meets them alike.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import psutil
import redis

from benchmarks.serving_load import FloatArray, LoadGenerator, Phase, runner, schedule
from benchmarks.serving_report import Answers, Figures, Milliseconds, answers, figures, percentiles
from benchmarks.serving_requests import Target, zipfian
from benchmarks.serving_running import loopback
from benchmarks.serving_server import served
from benchmarks.serving_shop import PEOPLE, QUIET, Shop, open_shop
from recolake.endpoints import resolve
from recolake.platform.processes import tree
from recolake.tenancy.context import Tenant

_REQUESTS = 4_000
_READS = 500
# A plain route needs less time to show what it costs.
_PLAIN_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Load:
    """`clients` that each wait for their answer, or, without them, arrivals at `rate` a second.

    `seconds` of each kind of request in all, in `rounds` turns, after `warmup` seconds that are not counted.
    """

    items: int
    workers: int
    clients: int | None
    rate: float
    seconds: float
    warmup: float
    rounds: int
    k: int
    seed: int


@dataclass(frozen=True, slots=True)
class Cost:
    """One kind of request; processor milliseconds of a request, in the server and in the generator."""

    figures: Figures
    server_cpu: float
    generator_cpu: float


@dataclass(frozen=True, slots=True)
class Alone:
    """What one run found. `busy` is the share of all cores that was busy, by whomever, before it began."""

    load: Load
    busy: float
    recommendations: Cost
    plain: Cost
    redis: Milliseconds
    answers: Answers


@dataclass(frozen=True, slots=True)
class _Part:
    """Something to ask: its requests and the server that answers them."""

    generator: LoadGenerator
    wires: list[bytes]
    server: psutil.Process


def run_alone(loads: Sequence[Load]) -> Iterator[Alone]:
    """Start all, measure one load after the other, stop all.

    Args:
        loads: of the same items and workers.

    Raises:
        ServiceUnavailableError: Redis or the API did not start.
    """
    items, workers = loads[0].items, loads[0].workers
    with contextlib.ExitStack() as stack:
        shop = stack.enter_context(open_shop(items, workers))
        plain = stack.enter_context(served("benchmarks.serving_plain:create_app", shop.settings, workers))
        store = stack.enter_context(redis.Redis.from_url(resolve(shop.settings, "redis")))
        store.set("benchmark:bare", b"x" * 500)
        for load in loads:
            busy = psutil.cpu_percent(interval=1) / 100
            print("all is up; measuring", flush=True)
            with runner() as loop:
                yield loop.run(_measure(load, shop, plain, lambda: _reads(store), busy))


async def _measure(
    load: Load,
    shop: Shop,
    plain: tuple[int, psutil.Process],
    read: Callable[[], FloatArray],
    busy: float,
) -> Alone:
    rng = np.random.default_rng(load.seed)
    bodies = zipfian(PEOPLE, _REQUESTS, load.k, rng)
    target = target_of(shop)
    other = Target(target.host, plain[0], target.key)
    ours = _Part(LoadGenerator(target.host, target.port), [target.recommend(b) for b in bodies], shop.server)
    bare = _Part(
        LoadGenerator(other.host, other.port), [other.recommend(b, "/plain") for b in bodies], plain[1]
    )

    def shoot(part: _Part, seconds: float) -> Awaitable[Phase]:
        if load.clients:
            return part.generator.closed(load.clients, seconds, part.wires)
        offsets = schedule(load.rate, seconds, "poisson", rng)
        drawn = rng.integers(_REQUESTS, size=len(offsets)).tolist()
        return part.generator.run(offsets, [part.wires[n] for n in drawn])

    async def turn(part: _Part, seconds: float) -> tuple[Phase, float]:
        before = processor_seconds(part.server)
        return await shoot(part, seconds), processor_seconds(part.server) - before

    for part in (bare, ours):
        await shoot(part, load.warmup)
    slice_seconds = load.seconds / load.rounds
    turns: dict[str, list[tuple[Phase, float]]] = {"plain": [], "ours": []}
    reads: list[FloatArray] = []
    for _ in range(load.rounds):
        turns["plain"].append(await turn(bare, slice_seconds * _PLAIN_SHARE))
        turns["ours"].append(await turn(ours, slice_seconds))
        reads.append(read())
    for part in (bare, ours):
        part.generator.close()
    whole = reduce(add, (phase for phase, _ in turns["ours"]))
    return Alone(
        load,
        round(busy, 2),
        _cost(turns["ours"]),
        _cost(turns["plain"]),
        percentiles(np.concatenate(reads)),
        answers(whole, load.k),
    )


def target_of(shop: Shop, tenant: Tenant = QUIET) -> Target:
    """The shop's API, with a tenant's key."""
    return Target(*loopback(resolve(shop.settings, "api")), shop.keys[tenant])


def processor_seconds(server: psutil.Process) -> float:
    """What a server's living processes have used so far, user and system."""
    times = [process.cpu_times() for process in tree(server)]
    return float(sum(each.user + each.system for each in times))


def _cost(turns: list[tuple[Phase, float]]) -> Cost:
    whole = reduce(add, (phase for phase, _ in turns))
    each = 1_000 / len(whole.shots)
    server = sum(spent for _, spent in turns)
    return Cost(figures(whole), round(server * each, 3), round(whole.generator_cpu * each, 3))


def _reads(store: redis.Redis) -> FloatArray:
    """Seconds of bare reads of one value of 500 bytes, one after the other."""
    taken = np.empty(_READS)
    for n in range(_READS):
        began = time.perf_counter()
        store.get("benchmark:bare")
        taken[n] = time.perf_counter() - began
    return taken

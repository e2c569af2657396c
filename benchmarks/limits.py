"""What judging one request costs: our script in Redis beside the library `limits`, through asyncio clients.

    python -m benchmarks.limits REDIS_URL [--requests 3000]

Each judges an API key and its tenant; ours a month's quota as well. A PING is the floor. The keys that it
writes begin with `benchmark:`; give it a Redis that nobody needs.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable

import limits
import redis.asyncio
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

from serving.limits.limiter import SCRIPT

_WARM_UP = 100


async def _measure(name: str, ask: Callable[[], Awaitable[object]], requests: int) -> None:
    for _ in range(_WARM_UP):
        await ask()
    times, cpu = [], time.process_time()
    for _ in range(requests):
        began = time.perf_counter()
        await ask()
        times.append(time.perf_counter() - began)
    cpu = (time.process_time() - cpu) / requests
    times.sort()
    print(
        f"{name}: p50 {times[requests // 2] * 1e3:.3f} ms, p95 {times[int(requests * 0.95)] * 1e3:.3f} ms, "
        f"{cpu * 1e3:.3f} ms of this process's CPU"
    )


async def _main(url: str, requests: int) -> None:
    client = redis.asyncio.Redis.from_url(url)
    script = client.register_script(SCRIPT)
    keys = [f"benchmark:{name}" for name in ("key", "tenant", "quota")]
    arguments: list[int | str] = [1, "", 10, 10_000_000, 10, 10_000_000, 1, 10**9, 0, 100]
    await _measure("PING", lambda: client.execute_command("PING"), requests)  # type: ignore[no-untyped-call]
    await _measure("our script: key, tenant, quota", lambda: script(keys=keys, args=arguments), requests)
    most = limits.parse("100000/second")
    storage = RedisStorage(f"async+{url}", implementation="redispy")
    for strategy in (MovingWindowRateLimiter, SlidingWindowCounterRateLimiter):
        limiter = strategy(storage)

        async def ask(limiter: MovingWindowRateLimiter | SlidingWindowCounterRateLimiter = limiter) -> None:
            if await limiter.hit(most, "benchmark:key"):
                await limiter.hit(most, "benchmark:tenant")

        await _measure(f"limits, {strategy.__name__}: key, tenant", ask, requests)
    await client.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--requests", type=int, default=3_000)
    chosen = parser.parse_args()
    asyncio.run(_main(chosen.url, chosen.requests))

"""How fast the API acknowledges events durably, beside a bare append and flush of the same bytes.

    python -m benchmarks.ingest [--rate 24] [--seconds 20] [--batch 500] [--workers 2] [--out FILE]

It starts an API of its own (in a temporary state folder on the disk of the checkout, with a tenant and a
key), and in one run measures:

1. the baseline: one process appends the same bodies to a file and flushes each, and does nothing else;
2. acknowledged batches at a fixed rate: an open-loop generator whose arrivals were drawn before, so that a
   slow answer delays no later request. Times count from the moment a batch was due;
3. as many batches as it takes, all due at once: what the API can do at most.

Every event is new. Afterwards the spool is read: each acknowledged event has to be there, once.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import numpy as np
import orjson
import psutil

from benchmarks.serving_load import FloatArray, LoadGenerator, Phase, runner, schedule
from benchmarks.serving_report import Figures, Milliseconds, figures, percentiles
from recolake.files import write_atomically
from recolake.journal.segments import sealed_segments
from recolake.settings import PROJECT_ROOT, Settings
from recolake.spool.read import read_segment
from recolake.tenancy.api_keys import generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key

BAR_EVENTS, BAR_P99 = 10_000.0, 100.0
_SHOP = Tenant("bench")
_BURST_SECONDS = 5
_SYNCS = "recolake_spool_syncs_total"


@dataclass(frozen=True, slots=True)
class Plan:
    """Batches a second for so long, events a batch, and processes of the API."""

    rate: float
    seconds: float
    batch: int
    workers: int
    seed: int


@dataclass(frozen=True, slots=True)
class Results:
    """Times of a batch; events a second at the fixed rate, and at most, when all are due at once.

    `api_microseconds_per_event` is processor time of all of the API's processes, user and system, for what
    was acknowledged: it says what the API costs on a machine that is busy with other things, too.
    """

    plan: Plan
    bare: Milliseconds
    acknowledged: Figures
    p50_ratio: float
    events_per_second: float
    most_events_per_second: float
    api_microseconds_per_event: float
    flushes: int
    batches: int
    stored_once: bool
    bar_met: bool


def main() -> None:
    """Measure and print; JSON with --out."""
    parser = argparse.ArgumentParser(description="Durable acknowledgement of events over REST")
    parser.add_argument("--rate", type=float, default=24.0, help="batches a second (default: %(default)g)")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of it (default: %(default)g)")
    parser.add_argument("--batch", type=int, default=500, help="events a batch (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes of the API (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of arrivals (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    given = parser.parse_args()
    results = run(Plan(given.rate, given.seconds, given.batch, given.workers, given.seed))
    if given.out:
        given.out.write_text(json.dumps(asdict(results), indent=2) + "\n")


def run(plan: Plan) -> Results:
    """The whole benchmark, printed as it goes."""
    with tempfile.TemporaryDirectory(prefix=".ingest-", dir=PROJECT_ROOT) as folder:
        settings = Settings(home=Path(folder))
        ensure_tenant_key(settings, _SHOP)
        secret, record = generate_key(_SHOP)
        write_atomically(keys_snapshot(settings), render_snapshot({hash_key(secret): record}))
        counts = [round(plan.rate * plan.seconds), round(plan.rate * _BURST_SECONDS)]
        numbers = iter(range(sum(counts) + 10))
        timed, burst = ([_body(plan, next(numbers)) for _ in range(count)] for count in counts)
        bare = _append(settings.home / "bare", timed)
        with _api(settings, plan.workers) as (url, api):
            (_, steady, most), flushes, spent = _load(plan, url, api, secret, [timed[:10], timed, burst])
        stored = _stored(settings)
    said = Counter(shot.outcome for shot in (*steady.shots, *most.shots))
    acknowledged = figures(steady)
    kept = plan.batch * sum(shot.ok for phase in (steady, most) for shot in phase.shots)
    results = Results(
        plan,
        bare,
        acknowledged,
        round(acknowledged.since_due.p50 / bare.p50, 2),
        round(acknowledged.answered_per_second * plan.batch, 1),
        round(plan.batch * sum(shot.ok for shot in most.shots) / most.wall, 1),
        round(spent * 1e6 / max(kept, 1), 1),
        flushes,
        sum(said.values()),
        _all_once(stored, steady, most),
        bool(
            acknowledged.answered_per_second * plan.batch >= BAR_EVENTS
            and acknowledged.since_due.p99 < BAR_P99
        ),
    )
    _say(results, said)
    return results


def _body(plan: Plan, number: int) -> bytes:
    """A batch of a shop's usual events, none of which comes again."""
    return orjson.dumps(
        [
            {
                "type": "purchase" if n % 10 == 0 else "view",
                "user_id": f"user-{(number * 31 + n * 7) % 50_000}",
                "session_id": f"visit-{number}-{n // 8}",
                "item_id": f"item-{(number * 17 + n * 13) % 20_000}",
                "time": f"2026-01-{number % 28 + 1:02d}T10:{n % 60:02d}:{number % 60:02d}.{n:06d}Z",
                "value": 7.5,
                "quantity": 3,
                "price": 2.5,
                "order_id": f"order-{number}-{n}",
                "properties": {"country": "DE", "device": "phone"},
            }
            for n in range(plan.batch)
        ]
    )


def _append(path: Path, bodies: list[bytes]) -> Milliseconds:
    """The least that durability costs: one writer, one flush a batch."""
    times = []
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for body in bodies:
        began = time.perf_counter()
        os.write(handle, body)
        os.fdatasync(handle)
        times.append(time.perf_counter() - began)
    os.close(handle)
    return percentiles(np.asarray(times))


@contextmanager
def _api(settings: Settings, workers: int) -> Iterator[tuple[str, psutil.Process]]:
    """The API as the platform starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    counters = settings.home / "counters"
    counters.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RECOLAKE_")}
    environment |= settings.environment() | {"PROMETHEUS_MULTIPROC_DIR": str(counters)}
    command = [sys.executable, "-m", "uvicorn", "serving.app:create_app", "--factory", "--no-access-log"]
    with (settings.home / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)],
            env=environment,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 240
        while True:
            try:
                httpx.get(f"{url}/health", timeout=5)
                break
            except httpx.HTTPError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit((settings.home / "api.log").read_text()[-2_000:]) from None
                time.sleep(0.2)
        # All of the workers are to be there before anything counts.
        time.sleep(3)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _load(
    plan: Plan, url: str, api: psutil.Process, secret: str, phases: list[list[bytes]]
) -> tuple[list[Phase], int, float]:
    """The phases, how often the disk was flushed in all, and the processor seconds of all but the first."""
    port = int(url.rsplit(":", 1)[1])
    rng = np.random.default_rng(plan.seed)

    def wire(body: bytes) -> bytes:
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    spent: list[float] = []

    async def measure() -> list[Phase]:
        generator = LoadGenerator("127.0.0.1", port)
        found = []
        for number, bodies in enumerate(phases):
            at_once: FloatArray = np.zeros(len(bodies))
            drawn = schedule(plan.rate, plan.seconds, "poisson", rng) if number == 1 else at_once
            found.append(await generator.run(drawn, [wire(body) for body in bodies]))
            spent.append(_cpu(api))
        generator.close()
        return found

    with runner() as loop:
        found = loop.run(measure())
    return found, _counted(httpx.get(f"{url}/metrics", timeout=60).text), spent[-1] - spent[0]


def _cpu(api: psutil.Process) -> float:
    """Processor seconds of a process and those that it started."""
    times = [process.cpu_times() for process in (api, *api.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def _counted(metrics: str) -> int:
    return round(sum(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(_SYNCS)))


def _stored(settings: Settings) -> Counter[str]:
    frames = [f for path in sealed_segments(settings.spool_root) for f in read_segment(path)[0]]
    return Counter(orjson.loads(record.text)["event_id"] for frame in frames for record in frame.records)


def _all_once(stored: Counter[str], steady: Phase, most: Phase) -> bool:
    """Every acknowledged event is there; the ten batches that warmed up came twice."""
    told = {
        result["event_id"]
        for shot in (*steady.shots, *most.shots)
        if shot.ok
        for result in orjson.loads(shot.body)["results"]
    }
    return told <= stored.keys() and max(stored.values(), default=0) <= 2


def _say(results: Results, said: Counter[str]) -> None:
    times = results.acknowledged.since_due
    print(f"{'milliseconds a batch':<44}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}")
    for name, row in (("append and flush of the same bytes, alone", results.bare), ("acknowledged", times)):
        print(f"{name:<44}{row.p50:>9.2f}{row.p95:>9.2f}{row.p99:>9.2f}{row.max:>9.2f}")
    print(
        f"{results.events_per_second:,.0f} events a second at the fixed rate, "
        f"{results.most_events_per_second:,.0f} at most; {results.p50_ratio:g} times the bare append (p50); "
        f"the API spent {results.api_microseconds_per_event:g} µs of processor time an event"
    )
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in said.items())
    print(f"{results.batches} batches ({outcomes}), {results.flushes} flushes of the disk")
    print(f"every acknowledged event is in the spool: {'yes' if results.stored_once else 'NO'}")
    print(
        f"{BAR_EVENTS:,.0f} events a second with p99 below {BAR_P99:g} ms: "
        f"{'met' if results.bar_met else 'missed'}; generator "
        f"{results.acknowledged.generator_cpu_share:.0%} of a core, machine "
        f"{results.acknowledged.machine_cpu_share:.0%} busy"
    )


if __name__ == "__main__":
    main()

"""What customers notice of a swap of models, a restart of workers, a killed worker and a noisy neighbour.

    python -m benchmarks.serving_disturbed swap restart kill neighbour [--rate 200] [--items 10000]

Any of the four, one after the other, on a platform of its own (`serving_shop`), under open-loop load. Each
request counts: a swap and a restart may fail none, a killed worker those that it had at most. The neighbour
asks ten times what its plan allows; the quiet tenant is measured with it and without it, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np

from benchmarks.serving import end_in_order
from benchmarks.serving_alone import target_of
from benchmarks.serving_disturbances import DISTURBANCES, Window
from benchmarks.serving_load import LoadGenerator, Phase, runner, schedule
from benchmarks.serving_report import Figures, figures
from benchmarks.serving_requests import zipfian
from benchmarks.serving_shop import LOUD, PEOPLE, QUIET, Shop, open_shop
from recolake.errors import RecolakeError
from recolake.limits.gcra import Rate
from recolake.tenancy.context import Tenant

_K, _REQUESTS, _WORKERS = 10, 4_000, 2
_SLICE_SECONDS, _MOST_SLICES, _WARMUP_SECONDS = 5.0, 60, 5.0
_TIMES_ITS_LIMIT, NEIGHBOUR = 10, "neighbour"
_MOVED_SHARE, _MOVED_MILLISECONDS = 0.1, 1.0


@dataclass(frozen=True, slots=True)
class Disturbed:
    """`in_flight` requests were under way while it happened; those of `lost_beyond` failed and were not."""

    disturbance: str
    seconds: float
    before: Figures
    during: Figures
    in_flight: int
    failed: int
    lost_beyond: int
    met: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The quiet tenant's requests without and with the loud one's, whose answers are counted by status."""

    alone: Figures
    beside: Figures
    loud: dict[str, int]
    p99_moved_milliseconds: float
    met: bool


class Asking:
    """A tenant that asks for people at a rate."""

    def __init__(self, shop: Shop, tenant: Tenant, rate: float, seed: int) -> None:
        target = target_of(shop, tenant)
        self._rng = np.random.default_rng(seed)
        self._rate = rate
        self._wires = [target.recommend(body) for body in zipfian(PEOPLE, _REQUESTS, _K, self._rng)]
        self._generator = LoadGenerator(target.host, target.port)

    async def ask(self, seconds: float) -> Phase:
        """Poisson arrivals for so long, until all are answered."""
        offsets = schedule(self._rate, seconds, "poisson", self._rng)
        drawn = self._rng.integers(len(self._wires), size=len(offsets)).tolist()
        return await self._generator.run(offsets, [self._wires[n] for n in drawn])


def main() -> None:
    """Disturb and count; JSON with --report. The exit status is 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("disturbances", nargs="+", choices=(*DISTURBANCES, NEIGHBOUR))
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second (default: %(default)g)")
    parser.add_argument("--items", type=int, default=10_000, help="of the shop (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=4, help="turns of `neighbour` (default: %(default)s)")
    parser.add_argument("--report", type=Path, help="write the results as JSON")
    given = parser.parse_args()
    end_in_order()
    # A pause of the generator's own would count as the API's.
    gc.disable()
    try:
        found = list(run(given.disturbances, given.items, given.rate, given.rounds))
    except RecolakeError as error:
        raise SystemExit(f"{error.message} {error.hint}".strip()) from error
    if given.report:
        given.report.write_text(json.dumps([asdict(each) for each in found], indent=2) + "\n")
    raise SystemExit(0 if all(each.met for each in found) else 1)


def run(names: Sequence[str], items: int, rate: float, rounds: int) -> Iterator[Disturbed | Neighbour]:
    """One after the other, on one platform."""
    limit = rate / _TIMES_ITS_LIMIT
    with open_shop(items, _WORKERS, (QUIET, LOUD), Rate(limit, max(round(limit), 1))) as shop:
        for name in names:
            if name == NEIGHBOUR:
                yield neighbour(shop, rate, rounds)
            else:
                yield disturbed(shop, name, rate)


def disturbed(shop: Shop, name: str, rate: float) -> Disturbed:
    """Load before, while and after something happens to the API."""
    act = DISTURBANCES[name](shop)
    print(f"{name}: measuring", flush=True)
    with runner() as loop:
        before, during, window = loop.run(_around(shop, rate, act))
    shots = (*before.shots, *during.shots)
    failed = [shot for shot in shots if shot.outcome != "200"]
    there = [shot for shot in shots if window.holds(shot)]
    beyond = [shot for shot in failed if not (window.forgives and window.holds(shot))]
    found = Disturbed(
        name,
        round(window.ended - window.began, 2),
        figures(before),
        figures(during),
        len(there),
        len(failed),
        len(beyond),
        not beyond,
    )
    print(f"{name}, {rate:g} requests a second, {shop.items:,} items: it took {found.seconds:g} s")
    _say({"before": found.before, "while and after": found.during})
    print(f"{found.failed} of {len(shots):,} failed; {found.lost_beyond} beyond what may be lost")
    return found


def neighbour(shop: Shop, rate: float, rounds: int) -> Neighbour:
    """The quiet tenant alone and beside the loud one, in turns."""
    print(f"{NEIGHBOUR}: measuring", flush=True)
    with runner() as loop:
        alone, beside, loud = loop.run(_beside(shop, rate, rounds))
    quiet, noisy = figures(alone), figures(beside)
    moved = noisy.since_due.p99 - quiet.since_due.p99
    found = Neighbour(
        quiet,
        noisy,
        dict(Counter(shot.outcome for shot in loud.shots)),
        round(moved, 3),
        moved < max(_MOVED_SHARE * quiet.since_due.p99, _MOVED_MILLISECONDS)
        and quiet.outcomes.keys() | noisy.outcomes.keys() == {"200"},
    )
    print(f"{rate:g} requests a second of each tenant, {shop.items:,} items; the loud one may ask a tenth")
    _say({"the quiet one alone": quiet, "beside the loud one": noisy})
    print(f"p99 moved by {found.p99_moved_milliseconds:g} ms; the loud one was answered {found.loud}")
    return found


async def _around(shop: Shop, rate: float, act: Callable[[], Window]) -> tuple[Phase, Phase, Window]:
    asking = Asking(shop, QUIET, rate, seed=0)
    await asking.ask(_WARMUP_SECONDS)
    before = await asking.ask(_SLICE_SECONDS)
    happening = asyncio.create_task(asyncio.to_thread(act))
    during = [await asking.ask(_SLICE_SECONDS)]
    while not happening.done() and len(during) < _MOST_SLICES:
        during.append(await asking.ask(_SLICE_SECONDS))
    window = await happening
    return before, reduce(add, [*during, await asking.ask(_SLICE_SECONDS)]), window


async def _beside(shop: Shop, rate: float, rounds: int) -> tuple[Phase, Phase, Phase]:
    quiet, loud = Asking(shop, QUIET, rate, seed=0), Asking(shop, LOUD, rate, seed=1)
    await asyncio.gather(quiet.ask(_WARMUP_SECONDS), loud.ask(_WARMUP_SECONDS))
    alone: list[Phase] = []
    both: list[Sequence[Phase]] = []
    for _ in range(rounds):
        alone.append(await quiet.ask(_SLICE_SECONDS))
        both.append(await asyncio.gather(quiet.ask(_SLICE_SECONDS), loud.ask(_SLICE_SECONDS)))
    return (
        reduce(add, alone),
        reduce(add, (each for each, _ in both)),
        reduce(add, (each for _, each in both)),
    )


def _say(rows: dict[str, Figures]) -> None:
    print(f"{'milliseconds':<24}{'p50':>9}{'p95':>9}{'p99':>9}{'worst':>9}{'a second':>10}")
    for name, row in rows.items():
        times = row.since_due
        print(
            f"{name:<24}{times.p50:>9.2f}{times.p95:>9.2f}{times.p99:>9.2f}{times.max:>9.2f}"
            f"{row.answered_per_second:>10.1f}  {row.outcomes}"
        )


if __name__ == "__main__":
    main()

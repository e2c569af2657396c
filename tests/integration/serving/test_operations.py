"""What the server says of itself and to its log, and what it does not load."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from recolake.settings import PROJECT_ROOT

PERSON = "canary-7f3a9b2c1d-person@example.org"

START = """
import json, os, sys
from pathlib import Path
from fastapi.testclient import TestClient
from serving.app import create_app
with TestClient(create_app(), raise_server_exceptions=False) as client:
    bearer = {"Authorization": "Bearer " + os.environ["TEST_KEY"]}
    person = os.environ["TEST_PERSON"]
    client.post("/v1/recommendations", json={"user_id": person}, headers=bearer)
    client.post("/v1/recommendations", json={"user_id": person, person: 1}, headers=bearer)
    client.get("/" + person, headers={"X-Request-ID": person + "\\x1b[31m", "User-Agent": person})
    client.get(f"/v1/recommendations/{person}/receipt", headers=bearer)
    # What nobody foresaw: the answering thread raises with the person's id in its message.
    recommender = client.app.state.serving.recommender
    recommender._pseudonym = lambda tenant, user: (_ for _ in ()).throw(RuntimeError(f"{user}\\r\\nforged"))
    broken = client.post("/v1/recommendations", json={"user_id": person}, headers=bearer)
    assert broken.status_code == 500 and person not in broken.text and "Traceback" not in broken.text
print("MODULES " + json.dumps(sorted({name.split(".")[0] for name in sys.modules if sys.modules[name]})))
"""


def run(shop: Any) -> list[str]:
    variables = {"TEST_KEY": shop.key(), "TEST_PERSON": PERSON, "PYTHONPATH": str(PROJECT_ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", START],
        env=variables | shop.settings.environment(),
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT_ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.control(18)
def test_the_server_loads_no_engine_no_trainer_and_logs_no_person(shop: Any) -> None:
    *log, modules = run(shop)
    assert not {"torch", "pyspark", "mlflow", "dbt", "airflow"} & set(json.loads(modules[8:]))
    events = [json.loads(line) for line in log]
    assert {"request", "model_in_service", "request_crashed"} <= {event["event"] for event in events}
    assert not [line for line in log if PERSON in line]
    crashed = next(event for event in events if event["event"] == "request_crashed")
    assert crashed["exception"] == "RuntimeError"
    assert crashed["places"]
    requests = [event for event in events if event["event"] == "request"]
    assert [event["status"] for event in requests] == [200, 422, 404, 404, 500]
    assert all(event["request_id"] for event in requests)


@pytest.mark.control(18)
def test_metrics_count_answers_and_name_nobody(api: Any) -> None:
    for user in ("ada", "nobody"):
        api.ask(user_id=user)
    text = api.client.get("/metrics").text
    assert 'recolake_recommendations_total{degraded="False",fallback="",strategy="personal"} 1.0' in text
    route = 'method="POST",route="/v1/recommendations",status="200"'
    assert f"recolake_http_request_seconds_count{{{route}}} 2.0" in text
    assert "ada" not in text.replace("unreadable", "")
    assert "shop" not in text


@pytest.mark.control(14)
def test_a_body_beyond_the_limit_is_refused_however_it_is_sent(api: Any) -> None:
    large = b'{"user_id": "' + b"x" * 100_000 + b'"}'
    headers = api.bearer() | {"Content-Type": "application/json"}
    whole = api.client.post("/v1/recommendations", content=large, headers=headers)
    parts = iter([large[:50_000], large[50_000:]])
    streamed = api.client.post("/v1/recommendations", content=parts, headers=headers)
    for answer in (whole, streamed):
        assert answer.status_code == 413, answer.text
        assert answer.json()["request_id"]

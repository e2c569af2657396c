"""All services at once: healthy, on loopback, within the memory that was promised."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from recolake.endpoints import SERVICES, resolve
from recolake.platform import control
from recolake.settings import Settings

_LIMIT_MIB = 10 * 1024


def test_every_service_is_healthy_on_loopback_and_all_fit_in_memory(
    full_platform: Settings, listening: Callable[[Settings], dict[str, set[str]]]
) -> None:
    control.up(full_platform, ["lab", "kafka"])
    rows = {row.service: row for row in control.status(full_platform)}
    assert {row.health for row in rows.values()} == {"healthy"}
    assert sum(row.memory_mib for row in rows.values()) < _LIMIT_MIB
    assert {address for addresses in listening(full_platform).values() for address in addresses} == {
        "127.0.0.1"
    }


def test_every_address_is_published_and_the_pages_people_open_are_there(full_platform: Settings) -> None:
    control.up(full_platform, ["lab", "kafka"])
    for service in SERVICES:
        assert resolve(full_platform, service)
    for service, path in (("api", "/docs"), ("control", "/docs"), ("mlflow", "/"), ("airflow", "/")):
        page = httpx.get(resolve(full_platform, service) + path, follow_redirects=True, timeout=20)
        assert page.status_code == httpx.codes.OK, (service, path)
        assert "html" in page.headers["content-type"]
    lab = httpx.get(resolve(full_platform, "lab"), timeout=20, follow_redirects=True)
    assert lab.status_code == httpx.codes.OK


def test_notebooks_ask_for_their_token(full_platform: Settings) -> None:
    control.up(full_platform, ["lab", "kafka"])
    without = resolve(full_platform, "lab").split("/lab")[0] + "/api/contents"
    assert httpx.get(without, timeout=20).status_code == httpx.codes.FORBIDDEN


def test_airflow_asks_for_its_password(full_platform: Settings) -> None:
    answer = httpx.post(
        resolve(full_platform, "airflow") + "/auth/token",
        json={"username": "admin", "password": "admin"},
        timeout=20,
    )
    assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_mlflow_keeps_an_artefact_in_the_state_folder(full_platform: Settings) -> None:
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=resolve(full_platform, "mlflow"))
    run = client.create_run(client.create_experiment("platform-test"))
    client.log_text(run.info.run_id, "kept", "note.txt")
    kept = list((full_platform.home / "mlflow").rglob("note.txt"))
    assert [path.read_text() for path in kept] == ["kept"]

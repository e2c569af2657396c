"""The API under the platform's supervisor, with a Redis that is down and stays down."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from recolake.endpoints import resolve
from recolake.errors import ServiceUnavailableError
from recolake.platform import control
from recolake.platform.state import Phase, pid_file, read_state
from recolake.settings import Settings


def until(condition: Callable[[], Any]) -> None:
    """Ask again and again until it is so; fails after a minute."""
    retry(retry=retry_if_result(lambda yes: not yes), stop=stop_after_delay(60), wait=wait_fixed(0.1))(
        condition
    )()


@pytest.fixture
def supervised(bare_shop: Any, tmp_path: Path) -> Iterator[Any]:
    """A platform of Redis and the API alone, where model v1 knows ada."""
    bare_shop.settings = Settings(home=tmp_path / "home")
    try:
        control.up(bare_shop.settings, ["api"])
        bare_shop.publish_registry()
        bare_shop.publish("v1", ["ada"])
        yield bare_shop
    finally:
        control.down(bare_shop.settings)


def process_of(settings: Settings, service: str) -> psutil.Process:
    process = pid_file(settings, service).process()
    assert process is not None, f"{service} does not run"
    return process


def started_anew(settings: Settings, service: str, killed: psutil.Process) -> bool:
    process = pid_file(settings, service).process()
    return process is not None and process.pid != killed.pid


def answer(settings: Settings, secret: str) -> dict[str, Any]:
    """What ada gets now; nothing while the API does not answer with 200."""
    try:
        found = httpx.post(
            f"{resolve(settings, 'api')}/v1/recommendations",
            json={"user_id": "ada"},
            headers={"Authorization": f"Bearer {secret}"},
            trust_env=False,
        )
    except (httpx.HTTPError, ServiceUnavailableError):
        return {}
    return found.json() if found.status_code == httpx.codes.OK else {}


def break_redis(settings: Settings) -> None:
    """End it, and damage its data so that no start succeeds."""
    shutil.rmtree(settings.home / "redis" / "appendonlydir")
    (settings.home / "redis" / "appendonlydir").write_text("not a folder")
    process_of(settings, "redis").kill()
    until(lambda: read_state(settings).services["redis"].phase is Phase.FAILED)


def test_a_killed_api_comes_back_and_answers_without_redis(supervised: Any) -> None:
    settings, secret = supervised.settings, supervised.key()
    until(lambda: answer(settings, secret).get("strategy") == "personal")
    break_redis(settings)
    killed = process_of(settings, "api")
    workers = killed.children(recursive=True)
    killed.kill()
    psutil.wait_procs([killed], timeout=10)
    until(lambda: started_anew(settings, "api", killed))
    until(lambda: answer(settings, secret))
    body = answer(settings, secret)
    assert (body["strategy"], body["fallback"], body["degraded"]) == ("popular", "features_unavailable", True)
    assert not any(worker.is_running() for worker in workers)
    assert read_state(settings).services["redis"].phase is Phase.FAILED

    # Nor does a platform that is started anew need Redis for its answers.
    control.down(settings)
    with pytest.raises(ServiceUnavailableError, match="'redis' did not start"):
        control.up(settings, ["api"])
    until(lambda: answer(settings, secret).get("degraded"))


def test_nobody_but_the_owner_may_look_into_the_state_of_a_running_platform(supervised: Any) -> None:
    home = supervised.settings.home
    assert home.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
    assert not [path.name for path in home.iterdir() if path.is_dir() and path.stat().st_mode & 0o077]

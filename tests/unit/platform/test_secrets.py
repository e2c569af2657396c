"""Secrets of the local servers: whoever asks first makes one, all who ask together get that one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from recolake.platform.service import Context
from recolake.platform.services import BY_NAME
from recolake.platform.services.airflow import airflow_environment
from recolake.settings import Settings

_TRIALS = 20


def test_the_processes_of_airflow_that_start_together_agree_on_every_secret(tmp_path: Path) -> None:
    for trial in range(_TRIALS):
        settings = Settings(home=tmp_path / str(trial), postgres_url="postgresql://postgres@db.example:5432")
        together = Barrier(3)

        def ask(_: int, settings: Settings = settings, together: Barrier = together) -> dict[str, str]:
            together.wait()
            return airflow_environment(settings, 8080)

        with ThreadPoolExecutor(3) as pool:
            first, *others = pool.map(ask, range(3))
        assert others == [first, first]


def test_a_server_s_secret_stays_and_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    context = Context(Settings(home=tmp_path), 5432)
    for name in ("postgres", "lab"):
        assert BY_NAME[name].url(context) == BY_NAME[name].url(context)
    kept = list((tmp_path / "secrets").iterdir())
    assert {path.name for path in kept} == {"postgres.password", "lab.token"}
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}

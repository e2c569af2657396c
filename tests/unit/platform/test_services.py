"""What the services declare fits together."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.endpoints import SERVICES as ENDPOINTS
from recolake.errors import InvalidInputError
from recolake.platform.control import default_services, with_needs
from recolake.platform.service import Context, base_environment
from recolake.platform.services import BY_NAME, external_url, waves
from recolake.platform.state import Phase, PlatformState, ServiceState, read_state, write_state
from recolake.platform.view import duration, hide_password
from recolake.settings import Settings

_NAMES = st.lists(st.sampled_from(sorted(BY_NAME)), unique=True)


def test_every_endpoint_has_a_service_that_publishes_it() -> None:
    assert {service.endpoint for service in BY_NAME.values() if service.endpoint} == set(ENDPOINTS)


def test_all_but_the_notebooks_and_kafka_start_by_default() -> None:
    assert set(BY_NAME) - set(default_services()) == {"lab", "kafka"}


@given(_NAMES)
def test_a_selection_brings_all_it_needs_or_follows(names: list[str]) -> None:
    wanted = with_needs(names)
    assert set(names) <= set(wanted)
    assert all(other in wanted for name in wanted for other in BY_NAME[name].company)


@given(_NAMES)
def test_whoever_needs_or_follows_another_is_stopped_in_an_earlier_wave(names: list[str]) -> None:
    groups = waves(names)
    assert sorted(name for group in groups for name in group) == sorted(names)
    for earlier, later in pairwise(groups):
        assert not any(name in BY_NAME[other].company for name in earlier for other in (*earlier, *later))


def test_the_two_apis_need_no_other_service() -> None:
    assert [BY_NAME[name].needs for name in ("api", "control")] == [(), ()]


def test_an_unknown_service_is_named_in_the_error() -> None:
    with pytest.raises(InvalidInputError, match="sparc"):
        with_needs(["sparc"])


def test_one_address_of_airflow_replaces_all_its_processes(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, airflow_url="http://airflow.example")
    external = {name for name, service in BY_NAME.items() if external_url(settings, service)}
    assert external == {"airflow", "airflow-scheduler", "airflow-dag-processor"}


def test_children_read_the_very_settings_of_their_starter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path, spark_driver_memory="1g", redis_url="redis://redis.example:6379/0")
    for name, value in base_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings
    assert Settings().fingerprint() == settings.fingerprint()


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_children_reach_this_machine_s_services_past_any_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """gRPC, and so every client of the engine, reads the lower-case variable alone."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    exempt = base_environment(Settings(home=tmp_path))[name].split(",")
    assert {"127.0.0.1", "localhost", "intranet.example"} <= set(exempt)


def test_no_secret_shows_in_a_command_line(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, postgres_url="postgresql://postgres:hunter2@db.example:5432")
    for service in BY_NAME.values():
        if service.name != "spark":
            command = service.command(Context(settings, 1))
            written = {path.read_text() for path in settings.secrets_root.glob("*") if path.is_file()}
            assert not [part for part in command if part in written or "hunter2" in part]


def test_the_published_state_is_read_back_as_written(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert read_state(settings) == PlatformState()
    state = PlatformState(settings="f", services={"redis": ServiceState(phase=Phase.HEALTHY, pid=1, url="u")})
    write_state(settings, state)
    assert read_state(settings) == state


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://postgres:hunter2@127.0.0.1:5432", "postgresql://postgres:***@127.0.0.1:5432"),
        ("http://127.0.0.1:8888/lab?token=hunter2", "http://127.0.0.1:8888/lab?token=***"),
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        (None, ""),
    ],
)
def test_addresses_are_shown_without_their_secrets(url: str | None, shown: str) -> None:
    assert hide_password(url) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, ""), (9.9, "9 s"), (61, "1 min"), (3600 * 3 + 7 * 60, "3 h 07 min")]
)
def test_uptimes_read_well(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


def test_threads_that_wait_for_each_other_leave_the_cores_to_others_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert base_environment(Settings(home=tmp_path))["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert base_environment(Settings(home=tmp_path))["OMP_WAIT_POLICY"] == "ACTIVE"

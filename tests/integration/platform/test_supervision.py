"""The platform comes up, stays up, and goes down without a trace; two of the quick services stand for all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import psutil
import psycopg
import pytest
import redis

from recolake.endpoints import postgres_database, read_endpoints, resolve
from recolake.errors import InvalidInputError, ServiceUnavailableError
from recolake.platform import control
from recolake.platform.ports import read_port
from recolake.platform.processes import marked
from recolake.platform.state import Phase, pid_file, read_state
from recolake.settings import Settings

QUICK = ["postgres", "redis"]
ProcessOf = Callable[[Settings, str], psutil.Process]
Eventually = Callable[[Callable[[], bool]], None]


def _redis(settings: Settings) -> redis.Redis:
    return redis.Redis.from_url(resolve(settings, "redis"), decode_responses=True)


def test_a_second_up_starts_nothing_and_down_leaves_nothing(own: Settings, process_of: ProcessOf) -> None:
    control.up(own, QUICK)
    before = {name: process_of(own, name).pid for name in (*QUICK, "supervisor")}
    control.up(own, QUICK)
    assert {name: process_of(own, name).pid for name in before} == before

    assert control.down(own)
    assert not [pid for pid in before.values() if psutil.pid_exists(pid)]
    assert marked(own.home) == []
    assert read_endpoints(own) == {}
    assert list(own.run_root.glob("*.pid")) == []
    assert not control.down(own)


def test_data_and_addresses_outlive_down_and_up(own: Settings) -> None:
    control.up(own, QUICK)
    addresses = read_endpoints(own)
    with psycopg.connect(postgres_database(own, "accounts")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with _redis(own) as client:
        client.set("kept", "42")
    control.down(own)

    # PostgreSQL may run as another user, and reaches its folder though all else is closed.
    assert own.home.stat().st_mode & 0o066 == 0
    control.up(own, QUICK)
    assert read_endpoints(own) == addresses
    with psycopg.connect(postgres_database(own, "accounts")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    with _redis(own) as client:
        assert client.get("kept") == "42"


def test_postgres_has_every_database_and_asks_for_its_password(own: Settings) -> None:
    control.up(own, ["postgres"])
    for database in ("accounts", "airflow", "mlflow", "feast"):
        psycopg.connect(postgres_database(own, database)).close()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{read_port(own, 'postgres')}/accounts")
    secrets = list(own.secrets_root.iterdir())
    assert secrets
    assert all(path.stat().st_mode & 0o077 == 0 for path in (own.secrets_root, *secrets))


@pytest.mark.parametrize("service", QUICK)
def test_a_killed_service_is_back_within_seconds_where_it_was(
    own: Settings, process_of: ProcessOf, eventually: Eventually, service: str
) -> None:
    control.up(own, QUICK)
    addresses = read_endpoints(own)
    with _redis(own) as client:
        client.set("kept", "42")
    killed = process_of(own, service)
    killed.kill()
    psutil.wait_procs([killed], timeout=10)

    eventually(lambda: read_state(own).services[service].restarts == 1)
    control.up(own, QUICK)
    assert process_of(own, service).pid != killed.pid
    assert read_endpoints(own) == addresses
    with _redis(own) as client:
        assert client.get("kept") == "42"


def test_services_outlive_a_killed_supervisor_and_the_next_one_adopts_them(
    own: Settings, process_of: ProcessOf, eventually: Eventually
) -> None:
    control.up(own, QUICK)
    before = {name: process_of(own, name).pid for name in QUICK}
    supervisor = process_of(own, "supervisor")
    supervisor.kill()
    psutil.wait_procs([supervisor], timeout=10)
    assert {row.service: row.health for row in control.status(own) if row.pid} == dict.fromkeys(
        QUICK, "healthy"
    )

    control.up(own, QUICK)
    assert {name: process_of(own, name).pid for name in QUICK} == before
    # An adopted service is watched as any other.
    process_of(own, "redis").kill()
    eventually(lambda: read_state(own).services["redis"].restarts == 1)


def test_down_stops_what_a_killed_supervisor_left_behind(own: Settings, process_of: ProcessOf) -> None:
    control.up(own, ["redis"])
    left = [process_of(own, "redis")]
    process_of(own, "supervisor").kill()
    assert control.down(own)
    assert not [process for process in left if process.is_running()]


def test_one_service_is_stopped_and_started_while_the_others_go_on(
    own: Settings, process_of: ProcessOf
) -> None:
    control.up(own, QUICK)
    others = {name: process_of(own, name).pid for name in QUICK if name != "redis"}
    assert control.down(own, ["redis"])
    assert pid_file(own, "redis").process() is None
    assert "redis" not in read_endpoints(own)
    assert {name: process_of(own, name).pid for name in others} == others
    assert not control.down(own, ["redis"])
    with pytest.raises(InvalidInputError, match="no service 'mongodb'"):
        control.down(own, ["mongodb"])
    control.up(own, ["redis"])
    assert process_of(own, "redis").is_running()


def test_down_never_touches_a_process_that_got_a_pid_of_ours(own: Settings) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        own.run_root.mkdir(parents=True)
        file = pid_file(own, "redis")
        file.write(psutil.Process(stranger.pid))
        file.path.write_text(file.path.read_text().replace('"started": ', '"started": 1'))
        control.down(own)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.communicate()


def test_two_platforms_run_side_by_side(own: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Settings(home=tmp_path_factory.mktemp("q"))
    try:
        control.up(own, ["redis"])
        control.up(other, ["redis"])
        assert resolve(own, "redis") != resolve(other, "redis")
        control.down(other)
        assert _redis(own).ping()
    finally:
        control.down(other)


def test_a_setting_replaces_an_embedded_server(
    own: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    control.up(own, QUICK)
    with psycopg.connect(postgres_database(own, "postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE feast")
    urls = read_endpoints(own)
    guest = Settings(
        home=tmp_path_factory.mktemp("q"), redis_url=urls["redis"], postgres_url=urls["postgres"]
    )
    try:
        control.up(guest, QUICK)
        rows = {row.service: row for row in control.status(guest)}
        assert [rows[name].health for name in QUICK] == ["external", "external"]
        assert rows["redis"].pid is None
        assert rows["redis"].url == urls["redis"]
        # What the platform needs of a real server is made there.
        psycopg.connect(postgres_database(guest, "feast")).close()
        control.down(guest)
        assert _redis(own).ping()
    finally:
        control.down(guest)


def test_a_service_that_cannot_start_is_named_with_the_end_of_its_log(own: Settings) -> None:
    control.up(own, ["postgres"])
    control.down(own)
    (own.home / "postgres" / "PG_VERSION").write_text("9.0\n")
    with pytest.raises(
        ServiceUnavailableError, match=r"'postgres' did not start(.|\n)*not compatible"
    ) as caught:
        control.up(own, QUICK)
    assert str(own.log_root / "postgres.log") in caught.value.hint
    assert {row.service: row.health for row in control.status(own)}["postgres"] == "failed"

    (own.home / "postgres" / "PG_VERSION").write_text("18\n")
    control.up(own, QUICK)
    psycopg.connect(postgres_database(own, "accounts")).close()


def test_down_ends_postgres_in_good_order_though_clients_are_connected(own: Settings) -> None:
    control.up(own, QUICK)
    with psycopg.connect(postgres_database(own, "accounts")) as client, _redis(own) as other:
        client.execute("SELECT 1")
        assert other.ping()
        control.down(own)
        assert marked(own.home) == []
        with pytest.raises(psycopg.OperationalError):
            client.execute("SELECT 1")
    assert "database system is shut down" in (own.log_root / "postgres.log").read_text()


def test_a_killed_control_plane_comes_back_while_postgres_stays_down(
    own: Settings, process_of: ProcessOf, eventually: Eventually
) -> None:
    control.up(own, ["control"])
    (own.home / "postgres" / "PG_VERSION").write_text("9.0\n")
    process_of(own, "postgres").kill()
    eventually(lambda: read_state(own).services["postgres"].phase is Phase.FAILED)
    killed = process_of(own, "control")
    killed.kill()
    psutil.wait_procs([killed], timeout=10)
    eventually(lambda: read_state(own).services["control"].restarts == 1)
    eventually(lambda: read_state(own).services["control"].phase is Phase.HEALTHY)
    assert process_of(own, "control").pid != killed.pid


def test_other_settings_are_refused_while_the_platform_runs(own: Settings) -> None:
    control.up(own, ["redis"])
    with pytest.raises(ServiceUnavailableError, match="other settings"):
        control.up(own.model_copy(update={"spark_cores": 7}), ["redis"])


def test_nothing_listens_beyond_loopback(
    own: Settings, listening: Callable[[Settings], dict[str, set[str]]]
) -> None:
    control.up(own, QUICK)
    assert listening(own) == {"postgres": {"127.0.0.1"}, "redis": {"127.0.0.1"}}

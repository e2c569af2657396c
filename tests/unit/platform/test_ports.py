"""A port once chosen is kept while it is free, and is never one that somebody else has."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from recolake.errors import ServiceUnavailableError
from recolake.platform import ports
from recolake.platform.ports import choose_port, is_free, read_port
from recolake.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which a stranger listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_port_that_somebody_listens_on_is_not_free(taken: int) -> None:
    assert not is_free(taken)


def test_a_port_taken_on_every_interface_is_not_free() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104 - the very case under test
        assert not is_free(server.getsockname()[1])


def test_the_next_free_port_stands_in_for_a_taken_one_and_is_kept_when_the_usual_one_is_free_again(
    home: Settings,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        usual = int(server.getsockname()[1])
        chosen = choose_port(home, "redis", usual)
        assert chosen > usual
    assert choose_port(home, "redis", usual) == chosen == read_port(home, "redis")


def test_two_platforms_that_start_together_never_get_the_same_port(tmp_path: Path, taken: int) -> None:
    one, other = (choose_port(Settings(home=tmp_path / name), "airflow", taken) for name in ("a", "b"))
    assert one != other
    assert choose_port(Settings(home=tmp_path / "a"), "airflow", taken) == one


def test_two_services_of_one_platform_never_get_the_same_port(home: Settings, taken: int) -> None:
    chosen = {choose_port(home, name, taken) for name in ("api", "control", "mlflow")}
    assert len(chosen) == 3


def test_a_remembered_port_that_was_taken_meanwhile_is_given_up(home: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        usual = int(probe.getsockname()[1])
    assert choose_port(home, "redis", usual) == usual
    with socket.create_server(("127.0.0.1", usual)):
        assert choose_port(home, "redis", usual) != usual


def test_without_any_free_port_the_error_names_the_service(
    home: Settings, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_CANDIDATES", 1)
    with pytest.raises(ServiceUnavailableError, match="redis"):
        choose_port(home, "redis", taken)

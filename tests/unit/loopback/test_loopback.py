"""A proxy that the environment names never stands between us and this machine's own services."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.loopback import bypass_proxies

NAMES = ("no_proxy", "NO_PROXY")
NOBODY_LISTENS = "http://127.0.0.1:9"
hosts = st.lists(st.sampled_from(["example.org", ".internal", "10.0.0.0/8", "localhost"]), max_size=4)


@given(st.fixed_dictionaries({}, optional={name: hosts.map(",".join) for name in NAMES}))
def test_whatever_was_exempt_stays_so_in_both_spellings_and_doing_it_again_changes_nothing(
    environment: dict[str, str],
) -> None:
    before = {host for value in environment.values() for host in value.split(",") if host}
    bypass_proxies(environment)
    assert environment["no_proxy"] == environment["NO_PROXY"]
    exempt = environment["no_proxy"].split(",")
    assert set(exempt) == before | {"127.0.0.1", "localhost"}
    assert len(exempt) == len(set(exempt))
    once = dict(environment)
    bypass_proxies(environment)
    assert environment == once


def test_an_environment_that_exempts_everything_still_does() -> None:
    environment = {"no_proxy": "example.org, *"}
    bypass_proxies(environment)
    assert environment == {"no_proxy": "*", "NO_PROXY": "*"}


@pytest.fixture
def _behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a machine whose proxy does not answer, as the command line leaves it."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "grpc_proxy"):
        monkeypatch.setenv(name, NOBODY_LISTENS)
    environment: dict[str, str] = {}
    bypass_proxies(environment)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_behind_a_proxy")
def test_grpc_reaches_a_server_on_this_machine() -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            grpc.channel_ready_future(channel).result(timeout=30)
    finally:
        server.stop(None)


@pytest.mark.usefixtures("_behind_a_proxy")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_http_clients_of_the_standard_library_take_no_proxy_to_this_machine(host: str) -> None:
    assert urllib.request.getproxies()["http"] == NOBODY_LISTENS
    assert urllib.request.proxy_bypass(f"{host}:8000")


def test_the_command_line_exempts_loopback_before_it_does_anything() -> None:
    script = (
        "import atexit, os, sys; from recolake.cli.app import main; sys.argv[1:] = ['--help'];"
        "atexit.register(lambda: print('EXEMPT', os.environ['no_proxy'], os.environ['NO_PROXY'])); main()"
    )
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"NO_PROXY": "example.org"},
        capture_output=True,
        text=True,
        check=True,
    )
    exempt = "example.org,127.0.0.1,localhost"
    assert done.stdout.splitlines()[-1] == f"EXEMPT {exempt} {exempt}"

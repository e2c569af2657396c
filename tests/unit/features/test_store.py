"""How the feature store is reached, and that reaching it costs no more than it must."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.errors import InvalidInputError, ServiceUnavailableError
from recolake.features.feast_import import load_feast
from recolake.features.store import online_store, redis_connection_string
from recolake.settings import Settings

secrets = st.text(st.characters(exclude_characters=",", exclude_categories=["Cs"]), min_size=1, max_size=20)


def as_feast_reads(connection: str) -> tuple[dict[str, str], dict[str, Any]]:
    load_feast()
    from feast.infra.online_stores.redis import RedisOnlineStore

    [node], options = RedisOnlineStore._parse_connection_string(connection)
    return node, options


@given(secrets, secrets, st.integers(0, 15), st.booleans())
def test_feast_reads_the_address_as_it_was_meant(user: str, password: str, db: int, tls: bool) -> None:
    scheme = "rediss" if tls else "redis"
    url = f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@cache.example:6380/{db}"
    connection = redis_connection_string(Settings(redis_url=url), socket_timeout=0.05, retry=None)
    node, options = as_feast_reads(connection)
    assert node == {"host": "cache.example", "port": "6380"}
    expected = {"username": user, "password": password, "db": db, "socket_timeout": 0.05, "retry": None}
    assert options == expected | ({"ssl": True} if tls else {})


def test_options_in_the_address_reach_feast_with_their_types_and_the_caller_s_deadline_wins() -> None:
    url = "rediss://cache.example/2?ssl_cert_reqs=none&socket_keepalive=true&socket_timeout=9&health_check_interval=30"
    _, options = as_feast_reads(redis_connection_string(Settings(redis_url=url), socket_timeout=0.05))
    assert options == {
        "db": 2,
        "ssl": True,
        "ssl_cert_reqs": "none",
        "socket_keepalive": True,
        "socket_timeout": 0.05,
        "health_check_interval": 30,
    }


@pytest.mark.parametrize(
    "url", ["http://cache:6379", "unix:///run/redis.sock", "redis://h:1/0?socket_timeout=soon"]
)
def test_an_address_that_feast_could_not_use_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="RECOLAKE_REDIS_URL"):
        redis_connection_string(Settings(redis_url=url))


def test_a_password_that_cannot_be_expressed_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        redis_connection_string(Settings(redis_url="redis://u:a%2Cb@h:1/0"))


def test_without_a_registry_snapshot_there_is_no_store_rather_than_an_empty_one(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, redis_url="redis://127.0.0.1:1/0")
    with pytest.raises(ServiceUnavailableError, match="registry"):
        online_store(settings)
    assert not list(tmp_path.rglob("*"))


IMPORTS = """
import json, os, sys, tempfile
from recolake.features.feast_import import load_feast
load_feast()
loaded = "torch" in sys.modules
from prometheus_client import values
kept = values.ValueClass is values.MutexValue and not [n for n in os.environ if n.startswith("PROMETHEUS")]
litter = os.listdir(tempfile.gettempdir())
import torch
print(json.dumps([loaded, kept, litter, torch.tensor([2]).item()]))
"""


def test_feast_is_imported_without_torch_which_still_works_and_without_taking_over_metrics(
    tmp_path: Path,
) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True, env=environment
    )
    assert json.loads(done.stdout) == [False, True, [], 2]

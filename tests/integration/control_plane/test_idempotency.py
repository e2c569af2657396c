"""`Idempotency-Key` of the control plane: the first answer again, and no secret on the disk."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from control_plane.api_keys import service as keys
from control_plane.app import create_app
from control_plane.tenants import service as tenants
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.web.replays import KEPT_SECONDS, Answer, Replays

SCOPES = {"scopes": ["events:write"]}


@pytest.fixture
def shop(postgres: Settings) -> tuple[Tenant, str]:
    name = f"t{uuid4().hex[:12]}"
    return Tenant(name), tenants.create_tenant(postgres, name)


@pytest.fixture
def post(postgres: Settings, shop: tuple[Tenant, str]) -> Callable[..., object]:
    client = TestClient(create_app(postgres), raise_server_exceptions=False)

    def ask(key: str, body: object = SCOPES, secret: str = shop[1]) -> object:
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
        return client.post("/v1/keys", json=body, headers=headers)

    return ask


def test_the_first_answer_is_given_again_and_nothing_is_done_again(
    postgres: Settings, shop: tuple[Tenant, str], post: Callable[..., object]
) -> None:
    first, again = post("a" * 255), post("a" * 255)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(keys.list_keys(postgres, shop[0])) == 2
    secret = first.json()["secret"].encode()
    kept = [path for path in (postgres.replay_root / "control").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if secret in path.read_bytes()], "an answer at rest shows no secret"


def test_files_in_pieces_are_begun_anew_by_their_own_protocol(
    postgres: Settings, shop: tuple[Tenant, str]
) -> None:
    client = TestClient(create_app(postgres), raise_server_exceptions=False)
    headers = {"Authorization": f"Bearer {shop[1]}", "Idempotency-Key": "k", "Tus-Resumable": "1.0.0"}
    name = {"Upload-Metadata": f"filename {base64.b64encode(b'a.csv').decode()}"}
    made = [client.post("/v1/files", headers=headers | name | {"Upload-Length": size}) for size in ("5", "6")]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].headers["location"] != made[1].headers["location"]


def test_old_answers_go_also_of_tenants_that_nobody_asks_for(tmp_path: Path) -> None:
    tenant, now = Tenant("shop"), 1_000_000.0
    first = Replays(tmp_path, now=lambda: now)
    first.keep(tenant, b"k", b"r", Answer(201, b"told"))
    first.close()
    later = Replays(tmp_path, now=lambda: now)
    now += KEPT_SECONDS + 3_700
    later.tend()
    later.close()
    with closing(sqlite3.connect(tmp_path / f"{tenant}.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM answers").fetchone() == (0,)


def test_the_same_key_with_another_body_is_an_error(post: Callable[..., object]) -> None:
    post("k")
    other = post("k", {"scopes": ["items:write"]})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_what_was_refused_is_not_kept(post: Callable[..., object]) -> None:
    assert post("k", {"scopes": []}).status_code == 422
    assert post("k").status_code == 201


@pytest.mark.parametrize("key", ["", "a" * 256])
def test_a_key_of_no_or_too_many_characters_is_refused(post: Callable[..., object], key: str) -> None:
    answer = post(key)
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


def test_another_caller_with_the_same_key_gets_an_answer_of_its_own(
    postgres: Settings, post: Callable[..., object]
) -> None:
    rival = tenants.create_tenant(postgres, f"t{uuid4().hex[:12]}")
    assert post("k").json()["key_id"] != post("k", secret=rival).json()["key_id"]
    assert post("k", secret="rk_live_nonsense").status_code == 401


def test_many_at_once_do_the_work_once(
    postgres: Settings, shop: tuple[Tenant, str], post: Callable[..., object]
) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: post("same"), range(8)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert len(keys.list_keys(postgres, shop[0])) == 2

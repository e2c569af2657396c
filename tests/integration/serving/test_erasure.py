"""An erased person is gone from Redis and its file, from kept answers and from logs, and receipts say so."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
from fastapi.testclient import TestClient

from feature_repo.erasure import OnlineStore
from recolake.features.keys import row_key
from recolake.features.names import MODEL_KEY, TENANT_KEY, USER_KEY
from recolake.features.online import redis_client, vectors_mark
from recolake.privacy.erasure import erase
from recolake.privacy.files import FilesStore
from recolake.privacy.receipts import add_erased
from recolake.privacy.requests import Kind
from recolake.privacy.scan import Needles, scan
from recolake.privacy.work import ask, named
from recolake.ranking.artifact import UserVectors
from recolake.ranking.pointer import activate
from recolake.ranking.retired import retire
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import tenant_key
from serving.app import create_app
from serving.erasure import ReplaysStore

SHOP = Tenant("shop")


def test_nothing_of_an_erased_person_is_left_and_others_keep_theirs(bare_shop: Any) -> None:
    settings = bare_shop.settings
    user, other = (f"{name}-{secrets.token_hex(16)}" for name in ("ada", "ben"))
    bare_shop.publish_registry()
    bare_shop.write_artifact("v1")
    vectors = np.ones((2, 8), dtype=np.float32)
    bare_shop.write_vectors("v1", UserVectors((bare_shop.person(user), bare_shop.person(other)), vectors))
    activate(settings, SHOP, "v1")
    for each in (user, other):
        bare_shop.write_history(each, ["i3", "i5"])
    settings.log_root.mkdir(parents=True)
    (settings.log_root / "x.log").write_text(f"a {user} b {bare_shop.person(user)} c {other}\n")
    needles = Needles([user, bare_shop.person(user)])
    bearer = {"Authorization": f"Bearer {bare_shop.key()}"}
    statement = {"properties": {"country": "FR"}}

    def put(client: TestClient, who: str) -> Any:
        headers = bearer | {"Idempotency-Key": f"key of {who[:3]}"}
        return client.put(f"/v1/users/{who}", json=statement, headers=headers)

    with TestClient(create_app(settings)) as client:
        first = {who: put(client, who) for who in (user, other)}
        assert {answer.status_code for answer in first.values()} == {202}
        answer = client.post("/v1/recommendations", json={"user_id": user}, headers=bearer).json()
        assert answer["strategy"] == "personal"
    assert scan([bare_shop.valkey.folder, settings.home], needles).hits

    request = ask(settings, SHOP, Kind.ERASURE, named(settings, SHOP, user))
    stores: Any = [OnlineStore(), ReplaysStore(), FilesStore()]
    certificate = erase(settings, SHOP, request, raw_ids=[user], stores=stores)
    found = {each.store: (each.found, each.left) for each in certificate.statement.stores}
    assert found == {"redis": (2, 0), "replays": (1, 0), "files": (1, 0)}
    # What was acknowledged waits in spool and journal: the landing zone's store takes it from there.
    left = scan(
        [bare_shop.valkey.folder, settings.home], needles, [settings.spool_root, settings.journal_root]
    )
    assert left.hits == []
    assert other in (settings.log_root / "x.log").read_text()

    add_erased(settings, SHOP, tenant_key(settings, SHOP), [answer["recommendation_id"]])
    with TestClient(create_app(settings)) as client:
        assert (put(client, user).status_code, put(client, user).json()["code"]) == (410, "erased")
        assert put(client, other).content == first[other].content
        again = client.post("/v1/recommendations", json={"user_id": user}, headers=bearer).json()
        assert (again["strategy"], again["fallback"]) == ("popular", "unknown_user")
        path = f"/v1/recommendations/{answer['recommendation_id']}/receipt"
        receipt = client.get(path, headers=bearer)
        assert (receipt.status_code, receipt.json()["code"]) == (410, "erased")
        theirs = client.post("/v1/recommendations", json={"user_id": other}, headers=bearer).json()
        assert theirs["strategy"] == "personal"
        path = f"/v1/recommendations/{theirs['recommendation_id']}/receipt"
        assert client.get(path, headers=bearer).status_code == 200
        retire(settings, SHOP, ["v1"], request.asked_at)
        assert client.get(path, headers=bearer).json()["code"] == "erased"


def test_vectors_of_a_version_without_its_mark_go_too(bare_shop: Any) -> None:
    """As a materialization leaves them that was killed; of everybody who is erased, not of one alone."""
    settings = bare_shop.settings
    people = [f"{name}-{secrets.token_hex(16)}" for name in ("ada", "ben", "eve")]
    persons = tuple(map(bare_shop.person, people))
    bare_shop.publish_registry()
    bare_shop.write_artifact("v1")
    bare_shop.write_vectors("v1", UserVectors(persons, np.ones((3, 8), dtype=np.float32)))
    client = redis_client(settings)
    assert client.delete(vectors_mark(SHOP, "v1")) == 1

    request = ask(settings, SHOP, Kind.ERASURE, named(settings, SHOP, *people[:2]))
    certificate = erase(settings, SHOP, request, raw_ids=people[:2], stores=[OnlineStore()])
    (looked,) = certificate.statement.stores
    assert (looked.found, looked.left) == (2, 0)
    rows = [row_key({TENANT_KEY: "shop", MODEL_KEY: "v1", USER_KEY: person}) for person in persons]
    assert [client.exists(row) for row in rows] == [0, 0, 1]

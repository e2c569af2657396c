"""Every recommendation id resolves to what the answer was made from, for its own tenant alone."""

from __future__ import annotations

import hashlib
import shutil
from typing import Any

import pytest

from recolake.ranking.pointer import version_folder
from recolake.tenancy.context import Tenant


def test_a_receipt_names_model_run_index_table_versions_and_uploads(api: Any, shop: Any) -> None:
    answer = api.ask(user_id="ada").json()
    receipt = api.receipt(answer["recommendation_id"]).json()
    index = version_folder(shop.settings, Tenant("shop"), "v1") / "index.faiss"
    assert receipt["recommendation_id"] == answer["recommendation_id"]
    assert (receipt["model"]["version"], receipt["model"]["mlflow_run_id"]) == ("v1", "run-of-v1")
    assert receipt["index"]["sha256"] == hashlib.sha256(index.read_bytes()).hexdigest()
    assert receipt["inputs"] == {"gold.training_set": 11}
    assert receipt["uploads"] == ["upload-v1"]


def test_a_receipt_tells_the_rules_of_the_list_and_what_they_did(api: Any, shop: Any) -> None:
    plain = api.receipt(api.ask(user_id="ada").json()["recommendation_id"]).json()
    assert (plain["recorded"], plain["rules"]) == (True, None)
    rules = {
        "filter": "price < 30",
        "boosts": [{"filter": "kind = context.kind", "factor": 3.0}],
        "promotions": [{"filter": "kind = 'lamp'", "share": 0.2}],
        "diversity": {"strength": 0.3},
        "exclude": ["nothing"],
    }
    answer = api.ask(user_id="ada", context={"kind": "book"}, **rules).json()
    told = api.receipt(answer["recommendation_id"]).json()["rules"]
    assert {name: told[name] for name in ("filter", "boosts", "promotions", "exclude")} == {
        name: rules[name] for name in ("filter", "boosts", "promotions", "exclude")
    }
    assert told["diversity"]["strength"] == 0.3
    assert told["context"] == ["kind"]
    acted = {item["item_id"]: item["rules"] for item in answer["items"] if item.get("rules")}
    assert acted
    assert told["acted"] == acted


def test_receipts_of_a_replaced_model_still_resolve(api: Any, shop: Any) -> None:
    old = [api.ask(user_id="ada").json()["recommendation_id"] for _ in range(20)]
    shop.publish("v2", ["ada"])
    api.until("v2 in service", lambda: api.ask(user_id="ada").json()["model_version"] == "v2")
    assert {api.receipt(each).json()["model"]["version"] for each in old} == {"v1"}


def test_receipts_resolve_after_a_restart(api: Any, shop: Any) -> None:
    from fastapi.testclient import TestClient

    from serving.app import create_app

    answered = api.ask(user_id="ada").json()["recommendation_id"]
    with TestClient(create_app(shop.settings)) as restarted:
        found = restarted.get(f"/v1/recommendations/{answered}/receipt", headers=api.bearer())
    assert found.json()["recommendation_id"] == answered


@pytest.mark.control(1)
def test_foreign_forged_and_garbled_ids_are_all_simply_not_found(api: Any, shop: Any, rival: Tenant) -> None:
    answered = api.ask(user_id="ada").json()["recommendation_id"]
    prefix, version, nonce, signature = answered.split("_")
    assert api.receipt(answered).status_code == 200
    foreign = api.receipt(answered, shop.key(rival))
    garbled = [
        f"rec_v2_{nonce}_{signature}",
        f"rec_{version}_{nonce[::-1]}_{signature}",
        f"rec_{version}_{nonce}_{'0' * 32}",
        answered.upper(),
        answered + "0",
        prefix,
        "..%2F..%2Fetc",
        "x" * 200,
    ]
    for answer in (foreign, *(api.receipt(text) for text in garbled)):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert api.client.get(f"/v1/recommendations/{answered}/receipt").status_code == 401


def test_a_version_that_is_not_kept_is_said_to_be_so(api: Any, shop: Any) -> None:
    answered = api.ask(user_id="ada").json()["recommendation_id"]
    shutil.rmtree(version_folder(shop.settings, Tenant("shop"), "v1"))
    gone = api.receipt(answered)
    assert gone.status_code == 404
    assert "not kept" in gone.json()["detail"]

"""A second stage decides what an answer holds, by what the online store says of the person."""

from __future__ import annotations

from typing import Any

import numpy as np

from recolake.ranking.pointer import activate
from recolake.ranking.second_stage.catalogue import PEOPLE, Catalogue
from recolake.ranking.second_stage.features import FEATURES
from recolake.ranking.second_stage.networks import Networks
from recolake.ranking.second_stage.scaling import Scaling
from recolake.ranking.second_stage.stage import SecondStage
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")


def _longest_ago(items: int) -> SecondStage:
    """Of what a person took, what they took first comes first; what they never took comes last."""
    names = (*FEATURES, PEOPLE)
    judged_by = np.zeros((1, len(names), 1), dtype=np.float32)
    judged_by[0, names.index("own since first")] = 1
    one, none = np.ones((1, 1, 1), dtype=np.float32), np.zeros((1, 1, 1), dtype=np.float32)
    knots = [np.array([-1_000.0, 0.0, 1_000.0])] * len(names)
    judge = Networks(Scaling(knots, []), [judged_by, one, one], [none, none, none])
    catalogue = Catalogue(
        20_001,
        (PEOPLE,),
        np.zeros((items, 1), dtype=np.float32),
        np.full((items, 1), -1, dtype=np.int32),
        np.zeros((items, 1), dtype=np.float32),
    )
    return SecondStage(catalogue, names, None, judge, 200)


def test_it_decides_by_days_from_the_online_store_and_only_where_those_are_told(api: Any, shop: Any) -> None:
    first, bought = api.ask(user_id="ada", k=5).json()["items"], ["i9", "i3", "i5", "i7"]
    people = shop.write_artifact("v2", ["ada", "ben"], second_stage=_longest_ago(len(shop.items)))
    shop.write_vectors("v2", people)
    shop.write_history("ada", bought)
    shop.write_history("ben", bought, dated=False)
    activate(shop.settings, SHOP, "v2")
    api.until("v2 is served", lambda: api.ask(user_id="ada").json()["model_version"] == "v2")

    def answered(user: str | None, **more: Any) -> list[str]:
        body = api.ask(user_id=user, k=4, **more).json()
        assert body["degraded"] is False
        scores = [item["score"] for item in body["items"]]
        assert scores == sorted(scores, reverse=True)
        return [item["item_id"] for item in body["items"]]

    assert first
    assert answered("ada", include_seen=True) == bought[::-1]
    assert answered("ben", include_seen=True) != bought[::-1], "rows from before days were told"
    assert not set(answered("ada")) & set(bought), "on new items the first stage has the last word"
    assert answered(None) == ["i0", "i1", "i2", "i3"]
    body = api.ask(user_id="ada", k=4, include_seen=True).json()
    assert {item["reason"] for item in body["items"]} == {"bought_before"}
    assert api.receipt(body["recommendation_id"]).json()["feature_service"] == "live_v1"

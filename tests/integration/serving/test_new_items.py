"""An item that nobody had met in training is served, is said to be new, and says why it fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from recolake.ranking.content import Content
from recolake.ranking.pointer import activate
from recolake.tenancy.context import Tenant

SHOP, DIMENSION = Tenant("shop"), 8


def test_what_nobody_met_comes_where_its_content_fits_and_says_so(api: Any, shop: Any) -> None:
    assert api.ask(user_id="ada").json()["items"]
    taste = np.random.default_rng(5).standard_normal((1, DIMENSION)).astype(np.float32)
    last = len(shop.items) - 1
    content = Content(
        ("kind=vase", "price=3"),
        np.concatenate([10 * taste, -taste]),
        np.zeros(DIMENSION, dtype=np.float32),
        np.array([0, 2]),
        np.array([0, 1]),
        np.ones(2, dtype=np.float32),
    )
    people = shop.write_artifact("v2", ["ada"], content=content)
    people.vectors[0] = taste[0]
    shop.write_vectors("v2", people)
    activate(shop.settings, SHOP, "v2")
    api.until("v2 is served", lambda: api.ask(user_id="ada").json()["model_version"] == "v2")

    first = api.ask(user_id="ada", explain=True).json()["items"][0]
    assert (first["item_id"], first["reason"]) == (shop.items[last], "new_item")
    (said,) = first["content"]
    assert (said["attribute"], said["value"]) == ("kind", "vase")
    assert np.isclose(said["contribution"], 10 * taste[0] @ taste[0], rtol=1e-4)
    assert "content" not in api.ask(user_id="ada").json()["items"][0], "it was not asked for"

    found = api.ask(user_id=None, filter=f'item_id = "{shop.items[last]}"').json()["items"]
    assert [item["item_id"] for item in found] == [shop.items[last]]
    popular = [item["item_id"] for item in api.ask(user_id=None, k=5).json()["items"]]
    assert shop.items[last] not in popular

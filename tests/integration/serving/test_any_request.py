"""Whatever is sent to the data plane, it answers as its description says, and every error is a problem."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.control(17)
def test_every_answer_is_as_described(api: Any, ask_anything: Any) -> None:
    """A model is served and Redis answers."""
    answer = api.ask(user_id="ada")
    assert answer.json()["strategy"] == "personal"
    known = {"recommendation_id": answer.json()["recommendation_id"], "item_id": "i3", "user_id": "ada"}
    ask_anything(api.client, api.bearer(), known)


@pytest.mark.control(17)
def test_every_answer_is_as_described_also_with_redis_down(api: Any, shop: Any, ask_anything: Any) -> None:
    shop.valkey.kill()
    ask_anything(api.client, api.bearer(), {"item_id": "i3", "user_id": "ada"})

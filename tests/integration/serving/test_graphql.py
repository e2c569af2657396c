"""GraphQL of the control plane asks this API as the caller does: with their key, its rights and its bill."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient

from control_plane.app import create_app as create_control_plane
from recolake.tenancy.api_keys import Scope
from serving.app import create_app

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(shop: Any) -> Iterator[Ask]:
    """Both applications, this one really listening; PostgreSQL is away."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = shop.settings.model_copy(
        update={"api_url": f"http://127.0.0.1:{port}", "postgres_url": "postgresql://p@127.0.0.1:1"}
    )
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    with TestClient(create_control_plane(settings), raise_server_exceptions=False) as client:

        def query(secret: str, text: str, **variables: Any) -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {secret}"}
            body = {"query": text, "variables": variables}
            return dict(client.post("/v1/graphql", json=body, headers=headers).json())

        yield query
    server.should_exit = True
    thread.join()


def test_a_list_its_receipt_and_its_replay_are_the_apis_own(ask: Ask, shop: Any) -> None:
    secret = shop.key()
    fields = "recommendationId strategy items { itemId }"
    query = f"query ($r: JSON) {{ recommendations(request: $r, k: 3) {{ {fields} }} }}"
    found = ask(secret, query, r={"user_id": "ada"})["data"]["recommendations"]
    assert (found["strategy"], len(found["items"])) == ("personal", 3)
    again = ask(
        secret,
        "query ($id: String!) { receipt(recommendationId: $id) "
        "replay(recommendationId: $id) { items { itemId } } }",
        id=found["recommendationId"],
    )["data"]
    assert again["receipt"]["recommendation_id"] == found["recommendationId"]
    assert again["replay"]["items"] == found["items"]


REFUSED = {
    '{ recommendations(kind: "magic") { strategy } }': "invalid_input",
    "{ recommendations(request: {k: 3}) { strategy } }": "invalid_input",
    '{ recommendations(request: {filter: "price <"}) { strategy } }': "invalid_expression",
    '{ receipt(recommendationId: "../../health") }': "not_found",
}


def test_what_is_refused_there_is_refused_here_in_the_same_words(ask: Ask, shop: Any) -> None:
    for query, code in REFUSED.items():
        (error,) = ask(shop.key(), query)["errors"]
        assert error["extensions"]["code"] == code, (query, error)
    narrow = shop.key(scopes=[Scope.EVENTS_WRITE])
    (error,) = ask(narrow, "{ recommendations { strategy } }")["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("forbidden", ["recommendations"])

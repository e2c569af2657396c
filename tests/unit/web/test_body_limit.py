"""Control 14: no request's body fills the memory, whoever reads it and however it is sent."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel

from recolake.settings import Settings
from recolake.tenancy.api_keys import KeySnapshot, generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant
from recolake.web.body_limit import BodyLimitMiddleware
from recolake.web.idempotency import HEADER, IdempotencyMiddleware
from recolake.web.problems import MEDIA_TYPE, install
from recolake.web.replays import Replays

MOST = 1_000
SHOP = Tenant("shop")


class Body(BaseModel):
    text: str


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    app, settings = FastAPI(), Settings(home=tmp_path)
    secret, record = generate_key(SHOP)
    settings.snapshot_root.mkdir()
    keys_snapshot(settings).write_bytes(render_snapshot({hash_key(secret): record}))
    replays = Replays(settings.replay_root)
    app.state.secret = secret
    app.add_middleware(
        IdempotencyMiddleware, replays=replays, keys=KeySnapshot(settings), handles=lambda _: True
    )
    app.add_middleware(BodyLimitMiddleware, most=lambda path: None if path == "/raw" else MOST)
    install(app)

    @app.post("/json")
    def take(body: Body) -> int:
        return len(body.text)

    @app.post("/nothing")
    def nothing() -> None: ...

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    yield app
    replays.close()


def refused(answer: httpx.Response) -> bool:
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    return (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.control(14)
def test_a_body_beyond_the_limit_is_refused_whole_and_in_pieces(app: FastAPI) -> None:
    client, large = TestClient(app), b'{"text": "' + b"x" * MOST + b'"}'
    headers = {"content-type": "application/json"}
    assert refused(client.post("/json", content=large, headers=headers))
    assert refused(client.post("/json", content=iter([large[:600], large[600:]]), headers=headers))
    assert client.post("/json", json={"text": "x" * 900}).json() == 900
    assert client.post("/raw", content=b"x" * 5_000).json() == 5_000


@pytest.mark.control(14)
def test_a_retry_with_another_and_endless_body_is_refused_where_no_route_reads_it(app: FastAPI) -> None:
    """The middleware that compares retries reads them; a route that takes no body does not."""
    client = TestClient(app)
    headers = {"authorization": f"Bearer {app.state.secret}", HEADER: "k"}
    assert client.post("/nothing", headers=headers).status_code == 200
    assert refused(client.post("/nothing", headers=headers, content=b"x" * 2 * MOST))


@pytest.mark.control(14)
def test_memory_does_not_grow_with_what_is_sent(app: FastAPI) -> None:
    """A mebibyte after the other, a hundred at most, as fast as the server takes them."""
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b"x" * (1 << 20)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.post("/json", content=flood())

    tracemalloc.start()
    try:
        answer = asyncio.run(ask())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused(answer)
    assert peak < 8 << 20
    assert sent <= 2

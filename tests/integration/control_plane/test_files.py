"""A file that comes in pieces, with connections that drop, lands like one that came at once."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from control_plane.app import create_app
from control_plane.files import service
from control_plane.tenants import service as tenants
from recolake.landing.upload import FILES, list_uploads, upload_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

ROWS = b"id,person,thing,kind,moment\n" + b"".join(
    b"e%d,u%d,i%d,view,2026-01-01 10:00:00\n" % (n, n % 3, n % 5) for n in range(40)
)
MAPPING = """version: 1
format: csv
columns: [id, person, thing, kind, moment]
event: {id: id, user: person, item: thing, type: kind, time: moment}
"""
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture(scope="module")
def client(platform: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(platform), raise_server_exceptions=False) as started:
        yield started


@pytest.fixture(scope="module")
def tenant(platform: Settings, client: TestClient) -> Tenant:
    """A tenant; the client has its key from now on."""
    name = f"t{uuid4().hex[:12]}"
    client.headers.update({"Authorization": f"Bearer {tenants.create_tenant(platform, name)}"} | TUS)
    return Tenant(name)


def begin(client: TestClient, length: int, name: str = "rows.csv") -> Response:
    metadata = f"filename {base64.b64encode(name.encode()).decode()},kind aGk="
    return client.post("/v1/files", headers={"Upload-Length": str(length), "Upload-Metadata": metadata})


def send(client: TestClient, at: str, offset: int, data: bytes) -> Response:
    return client.patch(at, headers=PIECE | {"Upload-Offset": str(offset)}, content=data)


def land(client: TestClient, *file_ids: str) -> Response:
    parts = [*(("sent", (None, one)) for one in file_ids), ("mapping", ("m.yaml", MAPPING))]
    return client.post("/v1/uploads", files=parts)


@given(cuts=st.lists(st.integers(0, len(ROWS)), max_size=5))
@hypothesis_settings(max_examples=10)
def test_pieces_of_any_size_are_the_file(
    platform: Settings, client: TestClient, tenant: Tenant, cuts: list[int]
) -> None:
    at = begin(client, len(ROWS)).headers["location"]
    edges = sorted([0, *cuts, len(ROWS)])
    for start, end in itertools.pairwise(edges):
        answer = send(client, at, start, ROWS[start:end])
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end))
    found = service.find(platform, tenant, at.rsplit("/", 1)[1])
    assert (found.path.name, found.path.read_bytes()) == ("rows.csv", ROWS)
    assert client.delete(at).status_code == 204
    assert client.head(at).status_code == 404


def test_after_a_dropped_connection_it_goes_on_and_is_landed_once(
    platform: Settings, client: TestClient, tenant: Tenant
) -> None:
    made = begin(client, len(ROWS), "größe.csv")
    assert (made.status_code, made.headers["tus-resumable"]) == (201, "1.0.0")
    at = made.headers["location"]
    dropped_after(client, at, ROWS[:100])
    measured = client.head(at)
    assert (measured.headers["upload-offset"], measured.headers["upload-length"]) == ("100", str(len(ROWS)))
    wrong = send(client, at, 0, ROWS)
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["offset"]) == (409, "wrong_offset", 100)
    file_id = at.rsplit("/", 1)[1]
    early = land(client, file_id)
    assert (early.status_code, early.json()["code"]) == (409, "file_incomplete")
    assert send(client, at, 100, ROWS[100:]).status_code == 204
    landed = land(client, file_id)
    assert landed.status_code == 202
    assert [file["name"] for file in landed.json()["new"]] == ["größe.csv"]
    (upload,) = list_uploads(platform, tenant)
    assert (upload_folder(platform, upload) / FILES / "größe.csv").read_bytes() == ROWS
    assert land(client, file_id).status_code == 404


def dropped_after(client: TestClient, at: str, data: bytes) -> None:
    """The client goes away in the middle of a piece."""
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": data, "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send_away(_: Any) -> None: ...

    headers = {**client.headers, **PIECE, "Upload-Offset": "0"}
    scope = {
        "type": "http",
        "method": "PATCH",
        "path": at,
        "raw_path": at.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    asyncio.run(client.app(scope, receive, send_away))  # type: ignore[arg-type]


def test_what_does_not_fit_is_refused(platform: Settings, client: TestClient, tenant: Tenant) -> None:
    at = begin(client, 10).headers["location"]
    for answer, status, code in (
        (send(client, at, 0, ROWS), 413, "payload_too_large"),
        (begin(client, platform.upload_max_bytes + 1), 413, "payload_too_large"),
        (begin(client, 1, "../up.csv"), 422, "invalid_input"),
        (begin(client, 1, ""), 422, "invalid_input"),
        (client.patch(at, headers={"Upload-Offset": "0"}, content=b"1"), 415, "unsupported_media_type"),
        (client.post("/v1/files", headers={"Tus-Resumable": "0.2"}), 412, "unsupported_version"),
        (land(client, "fil-" + "0" * 32), 404, "not_found"),
        (land(client, "../../secrets"), 404, "not_found"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.head(at).headers["upload-offset"] == "0"


def test_another_tenant_does_not_see_it_and_a_day_later_nobody_does(
    platform: Settings, client: TestClient, tenant: Tenant
) -> None:
    at = begin(client, 10).headers["location"]
    other = tenants.create_tenant(platform, f"t{uuid4().hex[:12]}")
    assert client.head(at, headers={"Authorization": f"Bearer {other}"}).status_code == 404
    file = service.find(platform, tenant, at.rsplit("/", 1)[1])
    yesterday = time.time() - service.KEPT_SECONDS - 1
    os.utime(file.path, (yesterday, yesterday))
    assert client.head(at).status_code == 404
    begin(client, 10)
    assert not file.path.exists()

"""Uploads over HTTP: what is landed is what was sent, once; what cannot be used leaves nothing behind."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.testclient import TestClient

from control_plane.app import create_app
from control_plane.tenants import service as tenants
from recolake.landing.upload import FILES, tenant_folder
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant
from spark_jobs.ingest import ingest_pending

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
ROW = "536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n"
DAY = (HEADER + ROW).encode()
MAPPING = "online_retail"


@pytest.fixture(scope="module")
def client(platform: Settings) -> Iterator[TestClient]:
    """The control plane, started, without an Airflow beside it."""
    alone = platform.model_copy(update={"upload_max_bytes": 200_000, "airflow_url": "http://127.0.0.1:1"})
    with TestClient(create_app(alone), raise_server_exceptions=False) as started:
        yield started


@pytest.fixture
def tenant(platform: Settings) -> Tenant:
    return Tenant(f"t{uuid4().hex[:12]}")


@pytest.fixture
def headers(platform: Settings, tenant: Tenant) -> dict[str, str]:
    return {"Authorization": f"Bearer {tenants.create_tenant(platform, tenant.name)}"}


def send(
    client: TestClient,
    headers: dict[str, str],
    *files: tuple[str, bytes],
    mapping: Any = MAPPING,
    again: bool = False,
) -> Any:
    """POST files; `mapping` is a name, or bytes of a file."""
    parts: list[Any] = [("files", file) for file in files]
    parts.append(("mapping", ("mapping.yaml", mapping) if isinstance(mapping, bytes) else (None, mapping)))
    params = {"again": "true"} if again else {}
    return client.post("/v1/uploads", files=parts, headers=headers, params=params)


def nothing_was_kept(settings: Settings, tenant: Tenant) -> bool:
    """No upload in the landing zone, and no part of a request on the disk."""
    uploads = [path for path in tenant_folder(settings, tenant).glob("*") if path.is_dir()]
    return not uploads and not list(settings.temporary_root.glob("*"))


def test_an_upload_is_landed_byte_by_byte(
    client: TestClient, platform: Settings, tenant: Tenant, headers: dict[str, str]
) -> None:
    packed = gzip.compress(DAY * 2)
    answer = send(client, headers, ("day.csv", DAY), ("day2.csv.gz", packed))
    body = answer.json()
    assert (answer.status_code, body["announced"], body["known"]) == (202, False, [])
    folder = tenant_folder(platform, tenant) / body["upload_id"] / FILES
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "day.csv": DAY,
        "day2.csv.gz": packed,
    }
    assert {file["name"]: file["bytes"] for file in body["new"]} == {
        "day.csv": len(DAY),
        "day2.csv.gz": len(packed),
    }
    assert not list(platform.temporary_root.glob("*"))
    state = client.get(f"/v1/uploads/{body['upload_id']}", headers=headers).json()
    assert (state["state"], state["accounting"]) == ("landed", [])


def test_the_same_content_under_another_name_is_recognised(
    client: TestClient, headers: dict[str, str]
) -> None:
    first = send(client, headers, ("day.csv", DAY)).json()
    again = send(client, headers, ("renamed.csv", DAY))
    assert again.status_code == 200
    assert again.json()["upload_id"] is None
    assert again.json()["known"] == [
        {"name": "renamed.csv", "upload_id": first["upload_id"], "landed_as": "day.csv"}
    ]


def test_a_mapping_sent_as_a_file_is_the_same_as_one_named(
    client: TestClient, headers: dict[str, str]
) -> None:
    mapping = (PROJECT_ROOT / "mappings" / f"{MAPPING}.yaml").read_bytes()
    assert send(client, headers, ("day.csv", DAY), mapping=mapping).status_code == 202
    assert send(client, headers, ("day.csv", DAY)).status_code == 200


def test_the_same_content_under_another_mapping_is_refused_until_it_is_asked_for(
    client: TestClient, headers: dict[str, str]
) -> None:
    named = (PROJECT_ROOT / "mappings" / f"{MAPPING}.yaml").read_text()
    other = named.replace("title: Description", "name: Description").encode()
    assert other != named.encode()
    assert send(client, headers, ("day.csv", DAY)).status_code == 202
    refused = send(client, headers, ("day.csv", DAY), mapping=other)
    assert (refused.status_code, refused.json()["code"]) == (409, "other_mapping")
    assert send(client, headers, ("day.csv", DAY), mapping=other, again=True).status_code == 202


@pytest.mark.control(1)
def test_an_upload_of_another_tenant_does_not_exist(
    client: TestClient, platform: Settings, headers: dict[str, str]
) -> None:
    upload_id = send(client, headers, ("day.csv", DAY)).json()["upload_id"]
    other = {"Authorization": f"Bearer {tenants.create_tenant(platform, f't{uuid4().hex[:12]}')}"}
    answer = client.get(f"/v1/uploads/{upload_id}", headers=other)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert send(client, other, ("day.csv", DAY)).status_code == 202


@pytest.mark.parametrize(
    ("name", "content", "mapping"),
    [
        ("day.csv", b"", MAPPING),
        ("day.csv", b"\x00\x01\x02\x03", MAPPING),
        ("day.csv", b"a,b\n1,2\n", MAPPING),
        ("day.csv", DAY, "no_such_mapping"),
        ("day.csv", DAY, "../../etc/passwd"),
        ("day.csv", DAY, b"version: 1\nevent: ["),
        ("..", DAY, MAPPING),
        ("a\x1b[31m.csv", DAY, MAPPING),
        ("x" * 300, DAY, MAPPING),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_kept(
    client: TestClient,
    platform: Settings,
    tenant: Tenant,
    headers: dict[str, str],
    name: str,
    content: bytes,
    mapping: Any,
) -> None:
    answer = send(client, headers, ("good.csv", DAY), (name, content), mapping=mapping)
    assert answer.status_code == 422
    assert answer.json()["code"] in ("invalid_upload", "invalid_mapping")
    assert nothing_was_kept(platform, tenant)


def test_a_file_name_with_folders_stays_inside_the_upload(
    client: TestClient, platform: Settings, tenant: Tenant, headers: dict[str, str]
) -> None:
    body = send(client, headers, ("../../../outside.csv", DAY)).json()
    folder = tenant_folder(platform, tenant) / body["upload_id"] / FILES
    assert [path.name for path in folder.iterdir()] == ["outside.csv"]


@pytest.mark.control(14)
def test_a_body_beyond_the_limit_is_refused_with_or_without_a_declared_length(
    client: TestClient, platform: Settings, tenant: Tenant, headers: dict[str, str]
) -> None:
    big = HEADER.encode() + ROW.encode() * 3000
    answer = send(client, headers, ("big.csv", big))
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    whole = httpx.Request(
        "POST", "http://x/", files=[("files", ("big.csv", big)), ("mapping", (None, MAPPING))]
    )
    content = whole.read()
    chunks = (content[start : start + 65536] for start in range(0, len(content), 65536))
    chunked = client.post(
        "/v1/uploads", content=chunks, headers=headers | {"content-type": whole.headers["content-type"]}
    )
    assert chunked.status_code == 413
    assert nothing_was_kept(platform, tenant)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_body_that_is_cut_off_is_refused(
    client: TestClient, platform: Settings, tenant: Tenant, headers: dict[str, str], kept: float
) -> None:
    whole = httpx.Request(
        "POST", "http://x/", files=[("mapping", (None, MAPPING)), ("files", ("day.csv", DAY))]
    )
    content = whole.read()
    answer = client.post(
        "/v1/uploads",
        content=content[: int(len(content) * kept)],
        headers=headers | {"content-type": whole.headers["content-type"]},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_upload")
    assert nothing_was_kept(platform, tenant)


@pytest.mark.parametrize(
    "parts",
    [
        [("files", ("day.csv", DAY))],
        [("mapping", (None, MAPPING))],
        [("files", ("day.csv", DAY)), ("mapping", (None, MAPPING)), ("mapping", (None, MAPPING))],
        [("files", ("day.csv", DAY)), ("mapping", (None, MAPPING)), ("surprise", (None, "1"))],
        [("files", (None, "text")), ("mapping", (None, MAPPING))],
    ],
    ids=["no mapping", "no file", "two mappings", "unknown part", "text as file"],
)
def test_missing_and_unknown_parts_are_refused(
    client: TestClient, platform: Settings, tenant: Tenant, headers: dict[str, str], parts: list[Any]
) -> None:
    answer = client.post("/v1/uploads", files=parts, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_upload")
    assert nothing_was_kept(platform, tenant)


def test_a_body_that_is_not_multipart_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/v1/uploads", json={"files": []}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_upload")


def test_an_upload_says_how_good_it_was_and_is_decided_about_by_its_tenant_alone(
    client: TestClient, platform: Settings, tenant: Tenant, headers: dict[str, str]
) -> None:
    upload = send(client, headers, ("day.csv", DAY)).json()["upload_id"]

    def decide(action: str, body: Any, who: dict[str, str] = headers) -> Any:
        return client.post(f"/v1/uploads/{upload}/{action}", json=body, headers=who)

    early = decide("revert", {"reason": "too early"})
    assert (early.status_code, early.json()["code"]) == (409, "wrong_upload_state")
    ingest_pending(platform, tenant)
    read = client.get(f"/v1/uploads/{upload}", headers=headers).json()
    assert (read["state"], read["score"], read["failures"], read["decisions"]) == ("accepted", 100, {}, [])
    assert read["accounting"][0]["rows_in"] == 1

    assert decide("revert", {}).status_code == 422
    assert decide("revert", {"reason": "wrong file", "more": 1}).status_code == 422
    other = {"Authorization": f"Bearer {tenants.create_tenant(platform, f't{uuid4().hex[:12]}')}"}
    assert decide("revert", {"reason": "not mine"}, other).status_code == 404
    reverted = decide("revert", {"reason": "wrong file"}).json()
    assert reverted["state"] == "reverted"
    (made,) = reverted["decisions"]
    assert (made["state"], made["reason"]) == ("reverted", "wrong file")
    assert made["decided_by"].startswith("key ")
    assert decide("reject", {"reason": "again"}).status_code == 409
    assert decide("release", {"reason": "it was right"}).json()["state"] == "released"

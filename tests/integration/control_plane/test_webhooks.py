"""Webhooks reach a real receiver on this machine: signed, at least once, and nowhere else (control 16)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook

from control_plane.app import create_app
from control_plane.audit import service as audit
from control_plane.database import open_database
from control_plane.outbox import ship_outbox
from control_plane.tenants import service as tenants
from control_plane.webhooks import repository
from control_plane.webhooks.deliver import Deliverer
from control_plane.webhooks.schedule import MOST_TRIES
from control_plane.webhooks.send import Answer, send
from recolake.audit.entry import Action
from recolake.audit.record import recorded
from recolake.errors import ServiceUnavailableError
from recolake.notices.tell import NoticeType, tell
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Shop:
    """A tenant of one test, with a client that asks as it and a deliverer whose clock can be moved."""

    tenant: Tenant
    settings: Settings
    client: TestClient
    headers: dict[str, str]
    # Far enough ahead that everything that happens during the test is due, however long it takes.
    now: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(hours=1))

    def ask(self, method: str, path: str = "", **more: Any) -> Any:
        return self.client.request(method, f"/v1/webhooks{path}", headers=self.headers, **more)

    def hook(self, url: str, *types: str) -> Any:
        made = self.ask("POST", json={"url": url, "event_types": types or ["model.refused"]})
        assert made.status_code == 201, made.text
        return made.json()

    @property
    def deliverer(self) -> Deliverer:
        return Deliverer(self.settings, open_database(self.settings), clock=lambda: self.now)

    def happen(self, occasion: str, what: NoticeType = NoticeType.MODEL_REFUSED) -> None:
        tell(self.settings, self.tenant, what, occasion, {"model_version": occasion})

    def deliver(self) -> int:
        ship_outbox(self.settings, open_database(self.settings))
        return self.deliverer.deliver_due()

    def log(self, hook: str) -> list[Any]:
        found: list[Any] = self.ask("GET", f"/{hook}/deliveries").json()["deliveries"]
        return found


@pytest.fixture
def shop(postgres: Settings) -> Iterator[Shop]:
    settings = postgres.model_copy(update={"webhook_loopback": True})
    name = f"t{uuid4().hex[:12]}"
    headers = {"Authorization": f"Bearer {tenants.create_tenant(settings, name)}"}
    # Without a lifespan: nothing is delivered but by the test.
    yield Shop(
        Tenant(name), settings, TestClient(create_app(settings), raise_server_exceptions=False), headers
    )
    with open_database(settings).transaction(Tenant(name)) as session:
        for endpoint in repository.endpoints(session, Tenant(name)):
            repository.remove(session, Tenant(name), endpoint.endpoint_id)


def _verifies(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """What the library's `verify` does, but for the age: the clock of these tests runs ahead."""
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    expected = Webhook(secret).sign(headers["webhook-id"], at, body.decode())
    return expected in headers["webhook-signature"].split()


def test_an_event_is_delivered_once_to_who_subscribed(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url, "upload.held", "model.refused")
    shop.hook(receiver.url, "upload.validated")
    shop.happen("v7")
    shop.happen("v7")
    assert shop.deliver() == 1
    shop.happen("v7")
    assert shop.deliver() == 0, "told again it is the same event"
    ((path, headers, body),) = receiver.got
    assert _verifies(hook["secret"], headers, body)
    event = json.loads(body)
    assert (path, event["type"], event["data"]) == ("/hook", "model.refused", {"model_version": "v7"})
    (delivery,) = shop.log(hook["webhook_id"])
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
    assert delivery["event_id"] == headers["webhook-id"]


def test_a_promotion_that_the_audit_log_has_is_told(shop: Shop, receiver: Any) -> None:
    shop.hook(receiver.url, "model.promoted")
    with recorded(shop.settings, shop.tenant, Action.MODEL_PROMOTED, "v2", details={"previous": "v1"}):
        pass
    with recorded(shop.settings, shop.tenant, Action.MODEL_ROLLED_BACK, "v1"):
        pass
    assert shop.deliver() == 1
    assert b'"model_version":"v2","previous":"v1"' in receiver.got[0][2]


def test_retries_wait_longer_and_longer_and_carry_the_same_id(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url)
    receiver.answers = [b"HTTP/1.1 500 Oops\r\n\r\n", b"", b"HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n"]
    shop.happen("v7")
    for pause in (5, 20, 80):
        assert shop.deliver() == 1
        assert shop.deliver() == 0, "it is not due"
        shop.now += timedelta(seconds=pause)
    assert shop.deliver() == 1
    assert len(set(receiver.ids())) == 1
    assert {path for path, _, _ in receiver.got} == {"/hook"}, "redirects are not followed"
    (delivery,) = shop.log(hook["webhook_id"])
    found = shop.ask("GET", f"/{hook['webhook_id']}/deliveries/{delivery['event_id']}").json()
    assert [entry["status"] for entry in found["log"]] == [500, None, 302, 204]
    assert (found["state"], found["data"]) == ("delivered", {"model_version": "v7"})
    assert shop.ask("GET", f"/{hook['webhook_id']}").json()["failures"] == 0


def test_both_secrets_sign_until_the_time_of_grace_is_over(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url)
    rotated = shop.ask("POST", f"/{hook['webhook_id']}/rotate", json={"grace_hours": 2}).json()
    assert rotated["secret"] != hook["secret"]
    shop.happen("v1")
    shop.deliver()
    _, headers, body = receiver.got[0]
    assert all(_verifies(secret, headers, body) for secret in (hook["secret"], rotated["secret"]))
    shop.now += timedelta(hours=2)
    shop.happen("v2")
    shop.deliver()
    _, headers, body = receiver.got[1]
    assert _verifies(rotated["secret"], headers, body)
    assert not _verifies(hook["secret"], headers, body)
    listed = shop.ask("GET").text
    assert hook["secret"] not in listed
    assert rotated["secret"] not in listed


def test_another_body_another_id_and_another_secret_do_not_verify(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url)
    shop.happen("v1")
    shop.deliver()
    _, headers, body = receiver.got[0]
    assert _verifies(hook["secret"], headers, body)
    assert not _verifies(hook["secret"], headers, body.replace(b"v1", b"v2"))
    assert not _verifies(hook["secret"], headers | {"webhook-id": "msg_other"}, body)
    assert not _verifies(SECRET, headers, body)


def test_deliverers_that_come_together_never_make_the_same_attempt(shop: Shop, receiver: Any) -> None:
    for number in range(3):
        shop.hook(f"{receiver.url}?{number}")
    for number in range(8):
        shop.happen(f"v{number}")
    ship_outbox(shop.settings, open_database(shop.settings))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: shop.deliverer.deliver_due(), range(4)))
    assert sum(made) == len(receiver.got) == 24
    assert len({(path, headers["webhook-id"]) for path, headers, _ in receiver.got}) == 24


def test_a_deliverer_that_is_killed_loses_nothing(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url)
    shop.happen("v7")
    ship_outbox(shop.settings, open_database(shop.settings))

    def killed(*args: Any, **more: Any) -> Answer:
        send(*args, **more)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(shop.deliverer, post=killed).deliver_due()
    assert shop.deliver() == 0, "whoever has it may still be at it"
    shop.now += timedelta(minutes=1)
    assert shop.deliver() == 1
    assert len(receiver.got) == 2
    assert len(set(receiver.ids())) == 1
    (delivery,) = shop.log(hook["webhook_id"])
    found = shop.ask("GET", f"/{hook['webhook_id']}/deliveries/{delivery['event_id']}").json()
    assert [(entry["attempt"], entry["ended_at"] is None) for entry in found["log"]] == [
        (1, True),
        (2, False),
    ]


def test_an_event_that_is_given_up_is_delivered_by_hand(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url)
    receiver.usual = b"HTTP/1.1 503 No\r\n\r\n"
    shop.happen("v7")
    for _ in range(MOST_TRIES):
        assert shop.deliver() == 1
        shop.now += timedelta(hours=6)
    assert shop.deliver() == 0
    (delivery,) = shop.log(hook["webhook_id"])
    assert (delivery["state"], delivery["attempts"]) == ("failed", MOST_TRIES)
    receiver.usual = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
    path = f"/{hook['webhook_id']}/deliveries/{delivery['event_id']}/redeliver"
    assert shop.ask("POST", path).status_code == 202
    assert shop.deliver() == 1
    assert len(set(receiver.ids())) == 1
    assert shop.log(hook["webhook_id"])[0]["state"] == "delivered"


def test_an_endpoint_that_fails_for_long_is_disabled_and_gets_what_waited_once_enabled(
    shop: Shop, receiver: Any
) -> None:
    hook = shop.hook(receiver.url)
    receiver.usual = b"HTTP/1.1 500 No\r\n\r\n"
    for number in range(2):
        shop.happen(f"v{number}")
    while shop.ask("GET", f"/{hook['webhook_id']}").json()["enabled"]:
        assert shop.deliver()
        shop.now += timedelta(hours=6)
    assert shop.deliver() == 0
    entry = audit.page(shop.settings, shop.tenant, 1, None).entries[0]
    assert (entry.action, entry.actor.kind, entry.target) == (
        "webhook.disabled",
        "system",
        hook["webhook_id"],
    )
    receiver.usual = b"HTTP/1.1 204 No Content\r\n\r\n"
    shop.happen("v9")
    assert shop.deliver() == 0
    changed = shop.ask("PATCH", f"/{hook['webhook_id']}", json={"enabled": True}).json()
    assert (changed["enabled"], changed["failures"], changed["disabled_why"]) == (True, 0, None)
    assert shop.deliver() >= 1
    assert shop.log(hook["webhook_id"])[0]["state"] == "delivered"


def test_a_receiver_that_is_gone_is_not_asked_again(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url)
    receiver.usual = b"HTTP/1.1 410 Gone\r\n\r\n"
    shop.happen("v1")
    shop.deliver()
    shop.now += timedelta(hours=1)
    assert shop.deliver() == 0
    assert shop.ask("GET", f"/{hook['webhook_id']}").json()["disabled_why"] == "410 Gone"


def test_a_test_event_comes_whatever_is_subscribed_to(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url, "export.ready")
    sent = shop.ask("POST", f"/{hook['webhook_id']}/test")
    assert sent.status_code == 202
    assert shop.deliver() == 1
    assert receiver.ids() == [sent.json()["event_id"]]
    assert b'"type":"webhook.test"' in receiver.got[0][2]


def test_changes_are_in_the_audit_log_without_secrets(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(f"{receiver.url}/token-in-a-path")
    name = hook["webhook_id"]
    shop.ask("PATCH", f"/{name}", json={"event_types": ["upload.held"]})
    rotated = shop.ask("POST", f"/{name}/rotate").json()
    assert shop.ask("DELETE", f"/{name}").status_code == 204
    entries = audit.page(shop.settings, shop.tenant, 4, None).entries
    assert [entry.action.partition(".")[2] for entry in reversed(entries)] == [
        "created",
        "changed",
        "secret_rotated",
        "deleted",
    ]
    text = str(entries)
    assert not [each for each in (hook["secret"], rotated["secret"], "token-in-a-path") if each in text]
    with open_database(shop.settings).platform() as session:
        kept = str(session.connection().exec_driver_sql("SELECT * FROM webhook_endpoints").all())
    assert hook["secret"] not in kept


@pytest.mark.control(1)
def test_another_tenants_webhooks_do_not_exist(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url)["webhook_id"]
    event = shop.ask("POST", f"/{hook}/test").json()["event_id"]
    other = f"{shop.tenant}-b"
    rival = replace(shop, headers={"Authorization": f"Bearer {tenants.create_tenant(shop.settings, other)}"})
    assert rival.ask("GET").json() == []
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/rotate"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
        ("GET", f"/deliveries/{event}"),
        ("POST", f"/deliveries/{event}/redeliver"),
    ):
        more = {"json": {"enabled": False}} if method == "PATCH" else {}
        answer = rival.ask(method, f"/{hook}{path}", **more)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert shop.ask("GET", f"/{hook}").json()["enabled"]


@pytest.mark.parametrize(
    "path",
    [
        "/a%00",
        "/a%00/deliveries",
        "/{hook}/deliveries/a%00",
        "/{hook}/deliveries?cursor=2026-01-01T00:00:00Z~%00",
    ],
)
def test_text_that_postgresql_does_not_take_is_refused(shop: Shop, receiver: Any, path: str) -> None:
    hook = shop.hook(receiver.url)["webhook_id"]
    assert shop.ask("GET", path.format(hook=hook)).status_code == 422


def test_an_endpoint_is_held_while_its_deliveries_are_written(shop: Shop, receiver: Any) -> None:
    """One that is removed in between would have the delivery refused, and with it all that came along."""
    hook = shop.hook(receiver.url)["webhook_id"]
    database = open_database(shop.settings)

    def remove() -> None:
        with database.transaction(shop.tenant) as session:
            session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            repository.remove(session, shop.tenant, hook)

    with database.transaction(shop.tenant) as session:
        repository.endpoints(session, shop.tenant, hold=True)
        with pytest.raises(ServiceUnavailableError):
            remove()
    remove()


def test_a_retry_of_a_call_that_takes_no_body_is_the_same_call(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url)["webhook_id"]
    headers = shop.headers | {"Idempotency-Key": "once"}
    first, again = (shop.client.post(f"/v1/webhooks/{hook}/test", json={}, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"


def test_deliveries_come_in_pages_newest_first(shop: Shop, receiver: Any) -> None:
    hook = shop.hook(receiver.url)["webhook_id"]
    sent = [shop.ask("POST", f"/{hook}/test").json()["event_id"] for _ in range(3)]
    first = shop.ask("GET", f"/{hook}/deliveries?limit=2").json()
    rest = shop.ask("GET", f"/{hook}/deliveries", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    shown = [each["event_id"] for page in (first, rest) for each in page["deliveries"]]
    assert (shown, rest["next_cursor"]) == (sent[::-1], None)
    assert shop.ask("GET", f"/{hook}/deliveries?state=failed").json()["deliveries"] == []
    assert shop.ask("GET", f"/{hook}/deliveries?cursor=x").json()["code"] == "invalid_input"


@pytest.mark.control(16)
@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/", "https://127.0.0.1/", "https://localhost/", "https://169.254.169.254/latest"],
)
def test_a_private_address_is_refused_when_it_is_given(shop: Shop, url: str) -> None:
    client = TestClient(
        create_app(shop.settings.model_copy(update={"webhook_loopback": False})),
        raise_server_exceptions=False,
    )
    asked = {"url": url, "event_types": ["upload.held"]}
    answer = client.post("/v1/webhooks", json=asked, headers=shop.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "webhook_address_refused")
    assert shop.ask("GET").json() == []


def test_a_running_control_plane_delivers_by_itself_what_the_library_verifies(
    shop: Shop, receiver: Any
) -> None:
    hook = shop.hook(receiver.url)
    receiver.held = threading.Event()
    receiver.held.set()
    came = threading.Event()
    receiver.held.wait = lambda timeout=None: came.set() or True  # type: ignore[method-assign]
    with TestClient(create_app(shop.settings)):
        shop.happen("v7")
        assert came.wait(60)
    assert Webhook(hook["secret"]).verify(receiver.got[0][2], receiver.got[0][1])

"""Profiles are the same in whatever order, by however many writers, and however often deeds are added."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pandas as pd
import pyarrow as pa
import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recolake.features.feast_import import load_feast
from recolake.features.names import RECENT_SOURCE, Service
from recolake.features.store import online_store
from recolake.lake.tables import GOLD_USER_FEATURES
from recolake.privacy.lists import suppressed
from recolake.privacy.people import People
from recolake.privacy.stores import Job
from recolake.profile import deeds as bounds
from recolake.profile.deeds import TAKING, Deed, Recent
from recolake.profile.keys import PARTITIONS, deeds_key, field_of, lease_key, partition_of
from recolake.profile.left_out import LeftOut
from recolake.profile.stream import add_deeds, forget, waiting
from recolake.profile.trail import Trail
from recolake.profile.writer import Row, Writer
from recolake.records.kinds import Kind, Record
from recolake.spool.frames import Frame
from recolake.spool.ship import ship_records
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import TenantKeys, tenant_key

from .conftest import SHOP, Valkey
from .test_intake_faults import server

load_feast()

from feast.data_source import PushMode  # noqa: E402

from feature_repo.changes import Rows as TableRows  # noqa: E402
from feature_repo.erasure import OnlineStore  # noqa: E402
from feature_repo.materialize import MaterializeReport, _bring  # noqa: E402
from feature_repo.sources import SOURCE_VIEWS  # noqa: E402

PEOPLE = ("ann", "bob", "cleo")
UNBOTHERED = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DEEDS = st.lists(
    st.builds(
        Deed,
        person=st.sampled_from(PEOPLE),
        event_id=st.integers(0, 40).map(str),
        item=st.sampled_from("uvwxyz"),
        type=st.sampled_from(("view", "cart", "purchase")),
        at=st.integers(1, 10**16 // 8),
    ),
    max_size=30,
    unique_by=lambda deed: (deed.person, deed.event_id),
)


@pytest.fixture
def client(valkey: Valkey) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey.url) as found:
        yield found


def everybody(deeds: Sequence[Deed]) -> Sequence[Deed]:
    return deeds


class Rows:
    """What was pushed last of each person, as servers read it."""

    def __init__(self) -> None:
        self.held: dict[tuple[Tenant, str], Recent] = {}

    def push(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if row.recent:
                self.held[row.tenant, row.person] = row.recent
            else:
                self.held.pop((row.tenant, row.person), None)


def wanted(deeds: Sequence[Deed], recent: int, seen: int) -> dict[tuple[Tenant, str], Recent]:
    """By the definition: the newest deeds, and the last time at which each item was taken."""
    found = {}
    for person in {deed.person for deed in deeds}:
        own = sorted((d for d in deeds if d.person == person), key=lambda d: (d.at, d.member), reverse=True)
        taken: dict[str, int] = {}
        for deed in own:
            if deed.type in TAKING:
                taken[deed.item] = max(deed.at, taken.get(deed.item, 0))
        took = sorted(((at, item.encode()) for item, at in taken.items()), reverse=True)[:seen]
        own = own[:recent]
        found[SHOP, person] = Recent(
            [d.item for d in own],
            [d.type for d in own],
            [d.at for d in own],
            [item.decode() for _, item in took],
            [at for at, _ in took],
        )
    return found


@UNBOTHERED
@given(deeds=DEEDS, data=st.data())
def test_writers_of_two_partitions_interleaved_give_what_one_after_the_other_gives(
    client: redis.Redis, monkeypatch_module: None, deeds: list[Deed], data: st.DataObject
) -> None:
    client.flushdb()
    rows, half = Rows(), PARTITIONS // 2
    writers = [
        Writer(client, rows.push, partitions=range(half)),
        Writer(client, rows.push, partitions=range(half, PARTITIONS)),
    ]
    left = data.draw(st.permutations(deeds + deeds[:5]))
    while left:
        count = data.draw(st.integers(1, 7))
        add_deeds(client, SHOP, left[:count], everybody)
        left = left[count:]
        if data.draw(st.booleans()):
            data.draw(st.sampled_from(writers)).round(0.01)
    while waiting(client):
        for writer in writers:
            writer.round(0.01)
    assert rows.held == wanted(deeds, bounds.MOST_RECENT, bounds.MOST_SEEN)


@pytest.fixture
def monkeypatch_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little is kept that something is always too old."""
    for module in ("stream", "writer", "deeds"):
        monkeypatch.setattr(f"recolake.profile.{module}.MOST_RECENT", 6)
        monkeypatch.setattr(f"recolake.profile.{module}.MOST_SEEN", 3)


def test_a_writer_whose_lease_went_to_another_leaves_its_people_to_them(client: redis.Redis) -> None:
    rows, partition = Rows(), partition_of(field_of(SHOP, "ann"))
    now = [0.0]
    first = Writer(client, rows.push, partitions=[partition], clock=lambda: now[0])
    first.round(0.01)
    client.flushdb()
    second = Writer(client, rows.push, partitions=[partition])
    second.round(0.01)
    add_deeds(client, SHOP, [Deed("ann", "1", "x", "view", 5)], everybody)
    # It believes in its lease, and is late: it neither pushes nor strikes anybody off the list.
    now[0] = 4.0
    first._looked = now[0]
    first.round(0.01)
    assert not rows.held
    assert waiting(client) == 1
    while waiting(client):
        second.round(0.01)
    assert rows.held[SHOP, "ann"].items == ["x"]


def test_a_row_that_was_pushed_after_the_lease_went_to_another_is_written_again_by_them(
    client: redis.Redis,
) -> None:
    rows, partition = Rows(), partition_of(field_of(SHOP, "ann"))
    second = Writer(client, rows.push, partitions=[partition])

    def push(these: Sequence[Row]) -> None:
        """Late: meanwhile the lease expired, more was done, and the other wrote it."""
        client.delete(lease_key(partition))
        add_deeds(client, SHOP, [Deed("ann", "2", "y", "view", 6)], everybody)
        second.round(0.01)
        rows.push(these)

    first = Writer(client, push, partitions=[partition])
    add_deeds(client, SHOP, [Deed("ann", "1", "x", "view", 5)], everybody)
    first.round(0.01)
    assert rows.held[SHOP, "ann"].items == ["x"]
    while waiting(client):
        second.round(0.01)
    assert rows.held[SHOP, "ann"].items == ["y", "x"]


def test_who_is_forgotten_while_a_row_is_written_has_no_row_in_the_end(client: redis.Redis) -> None:
    rows = Rows()
    add_deeds(client, SHOP, [Deed("ann", "1", "x", "view", 5)], everybody)

    def push(these: Sequence[Row]) -> None:
        if any(row.recent for row in these):
            forget(client, SHOP, ["ann"])
        rows.push(these)

    writer = Writer(client, push)
    writer.round(0.01)
    while waiting(client):
        writer.round(0.01)
    assert not rows.held
    assert not client.exists(deeds_key(SHOP, "ann"))


def test_who_was_erased_comes_back_only_with_what_they_did_since(bare_shop: Any) -> None:
    client = redis.Redis.from_url(bare_shop.valkey.url)
    person, moment = bare_shop.person("ann"), datetime(2026, 3, 1, tzinfo=UTC)
    at = int(moment.timestamp() * 1_000_000)
    suppressed(bare_shop.settings, SHOP).add(tenant_key(bare_shop.settings, SHOP), [person], moment)
    left_out = LeftOut(bare_shop.settings, TenantKeys(bare_shop.settings))
    deeds = [Deed(person, str(n), "x", "view", at + n) for n in (-1, 0, 1)]
    assert add_deeds(client, SHOP, deeds, lambda these: left_out.admitted(SHOP, these)) == 1
    assert client.zcard(deeds_key(SHOP, person)) == 1


def test_an_erasure_leaves_nothing_of_somebody_s_profile(shop: Any) -> None:
    client, person = redis.Redis.from_url(shop.valkey.url), shop.person("ada")
    other = shop.person("ben")
    deeds = [Deed(whose, "1", "i1", "purchase", 5) for whose in (person, other)]
    add_deeds(client, SHOP, deeds, everybody)
    people = People.named(tenant_key(shop.settings, SHOP), ["ada"])
    job = Job(shop.settings, SHOP, people, datetime.now(UTC), lambda _: None)
    assert f"redis/recent-{person}.json" in dict(OnlineStore().export(job))
    (looked,) = OnlineStore().erase(job)
    assert looked.found >= 3
    assert looked.left == 0
    assert not list(client.scan_iter(match=f"*{person}*"))
    waiting_for = [field for key in client.scan_iter("recolake::changed:*") for field in client.hkeys(key)]
    assert waiting_for == [field_of(SHOP, other).encode()]
    assert client.exists(deeds_key(SHOP, other))


def test_a_full_materialization_takes_who_is_gone_and_leaves_what_was_pushed(shop: Any) -> None:
    client, store = redis.Redis.from_url(shop.valkey.url), online_store(shop.settings, 30.0)
    shop.write_history("cleo", ["i1"])
    pushed = {
        "tenant_id": SHOP.name,
        "recent_items": ["i2"],
        "recent_types": ["view"],
        "recent_times": [1],
        "seen_items": ["i2"],
        "seen_times": [1],
        "event_timestamp": datetime.now(UTC),
    }
    people = [shop.person(user) for user in ("ada", "stranger")]
    rows = pd.DataFrame([{**pushed, "user_id": person} for person in people])
    store.push(RECENT_SOURCE, rows, to=PushMode.ONLINE)
    source, views = SOURCE_VIEWS[GOLD_USER_FEATURES.qualified]
    latest = pa.table({"tenant_id": [], "user_id": pa.array([], pa.string())})
    report = MaterializeReport(SHOP)
    # The table has nobody left.
    _bring(client, store, source, views, TableRows(latest, None), report)
    assert report.removed == 2
    service = store.get_feature_service(Service.LIVE.value)
    keys = [{"tenant_id": SHOP.name, "user_id": p, "model_version": "v1"} for p in people]
    found = store.get_online_features(service, keys).to_dict()
    assert [list(items) for items in found["recent_items"]] == [["i2"], ["i2"]]
    assert not any(found["history_items"])


def test_a_trail_is_handed_on_until_it_was_taken_and_by_whoever_is_left(tmp_path: Path) -> None:
    record = Record(Kind.EVENT, b'{"a":1}')
    first, taken = Trail(tmp_path), []

    def refuse(_: Sequence[Frame]) -> None:
        raise redis.ConnectionError

    for _ in range(3):
        first.note(SHOP, [record, Record(Kind.USER, b"{}")])
    with pytest.raises(redis.ConnectionError):
        first.follow(refuse)
    first.follow(taken.extend)
    first.follow(taken.extend)
    assert [frame.records for frame in taken] == [[record]] * 3
    second = Trail(tmp_path)
    second.adopt()
    second.follow(taken.extend)
    assert len(taken) == 3
    # As a process that is gone leaves it: not sealed, and without its lock.
    first.note(SHOP, [record])
    for handle in first._locks.values():
        __import__("os").close(handle)
    second.adopt()
    second.follow(taken.extend)
    assert len(taken) >= 4
    assert not list(tmp_path.glob("*/*.jsonl*"))


def test_what_was_acknowledged_is_in_profiles_after_the_kill_of_the_api(shop: Any) -> None:
    bearer = {"Authorization": f"Bearer {shop.key()}"}
    ledger: dict[str, str] = {}
    now = datetime.now(UTC)

    def send(http: httpx.Client, url: str, user: str) -> None:
        events = [
            {
                "type": "view",
                "item_id": f"i{n}",
                "user_id": user,
                "time": (now - timedelta(minutes=n + 1)).isoformat(),
            }
            for n in range(5)
        ]
        answer = http.post(f"{url}/v1/events", content=orjson.dumps(events))
        assert answer.status_code == 202
        ledger.update((result["event_id"], user) for result in answer.json()["results"])

    with httpx.Client(headers=bearer, timeout=60) as http:
        with server(shop.settings) as (url, process):
            send(http, url, "kim")
            shop.valkey.kill()
            for user in ("lea", "max"):
                send(http, url, user)
            process.send_signal(signal.SIGKILL)
            process.wait()
        # Its segments may be in the lake by the time that it is back.
        ship_records(shop.settings)
        shop.valkey.start()
        client = redis.Redis.from_url(shop.valkey.url)
        with server(shop.settings) as (url, _):
            for user in ("kim", "lea", "max"):
                while (
                    http.post(f"{url}/v1/recommendations", json={"user_id": user}).json()["strategy"]
                    != "personal"
                ):
                    pass
    for user in set(ledger.values()):
        held = [
            orjson.loads(member)[0] for member in client.zrange(deeds_key(SHOP, shop.person(user)), 0, -1)
        ]
        assert len(held) == len(set(held))
        assert {identity for identity, whose in ledger.items() if whose == user} == set(held)

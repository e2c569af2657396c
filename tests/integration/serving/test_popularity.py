"""A catalogue's popularity is read piece by piece; a store that fails makes the reading late, never vain."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from recolake.ranking.describe import Column, ColumnKind
from recolake.ranking.extend import extended
from recolake.ranking.placement import Placement
from recolake.tenancy.context import Tenant
from serving import popularity as module
from serving.marks import Marks
from serving.metrics import Metrics
from serving.people import OnlineFeatures
from serving.popularity import PopularityRefresh
from serving.shelf import Shelf

SHOP = Tenant("shop")


class Watched(OnlineFeatures):
    """The real thing, which tells what it was asked for, and calls somebody before it asks the store."""

    asked: list[str]
    before: Callable[[str], None]

    def trend_scores(self, tenant: Tenant, items: Sequence[str]) -> npt.NDArray[np.float64]:
        self.asked.append(items[0])
        self.before(items[0])
        return super().trend_scores(tenant, items)


class World:
    """A shelf with model v1 of 40 items, and what refreshes its popularity."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop
        metrics = Metrics()
        marks = Marks(shop.settings)
        self.stopping = threading.Event()
        self.shelf = Shelf(shop.settings, metrics, marks.vectors)
        self.features = Watched(shop.settings, metrics)
        self.features.asked, self.features.before = [], lambda _: None
        self.features.reopen()
        self.shelf.look()
        self.refresh = PopularityRefresh(self.shelf, self.features, marks, metrics, self.stopping)

    def favourite(self) -> str:
        model = self.shelf.model(SHOP)
        return str(model.artifact.items.ids[int(model.popularity.order[0])])


@pytest.fixture
def world(shop: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(module, "PIECE", 10)
    shop.write_popularity({"i1": 40.0, "i35": 50.0})
    return World(shop)


def test_every_piece_is_read_once_and_used_together(world: World) -> None:
    world.refresh.look()
    assert world.features.asked == ["i0", "i10", "i20", "i30"]
    assert world.favourite() == "i35"
    world.refresh.look()
    assert len(world.features.asked) == 4


def test_a_reading_goes_on_where_the_store_failed(world: World) -> None:
    def die(item: str) -> None:
        if item == "i20":
            world.shop.valkey.kill()

    world.features.before = die
    world.refresh.look()
    assert world.features.asked == ["i0", "i10", "i20"]
    assert world.favourite() == "i0"
    world.features.before = lambda _: None
    world.shop.valkey.start()
    world.refresh.look()
    assert world.features.asked == ["i0", "i10", "i20", "i20", "i30"]
    assert world.favourite() == "i35"


def test_items_that_come_while_it_is_read_neither_stop_it_nor_take_another_s_place(world: World) -> None:
    def arrive(*items: str) -> None:
        loaded = world.shelf.model(SHOP).loaded
        column = Column(kind=ColumnKind.VALUES, name="category", labels=("home",))
        weights = np.ones((1, loaded.vectors.shape[1]), dtype=np.float32)
        placement = Placement((column,), np.array([0]), weights, weights[0])
        told = {item: {"category": "home"} for item in items}
        world.shelf.extend(SHOP, loaded, extended(replace(loaded, placement=placement), told))

    world.features.before = lambda item: arrive("m-new") if item == "i20" else None
    world.refresh.look()
    assert world.favourite() == "i35"
    arrive("a-new", "m-new")
    model = world.shelf.model(SHOP)
    assert len(model.popularity.term) == len(model.artifact.items) == 42
    assert world.favourite() == "i35"
    assert not model.popularity.term[40:].any()


def test_features_that_change_while_they_are_read_are_read_again_afterwards(world: World) -> None:
    def change(item: str) -> None:
        if item == "i20":
            world.features.before = lambda _: None
            world.shop.write_popularity({"i2": 60.0})

    world.features.before = change
    world.refresh.look()
    assert world.favourite() == "i35"
    world.refresh.look()
    assert world.favourite() == "i2"
    world.refresh.look()
    assert len(world.features.asked) == 8


def test_a_server_that_stops_reads_no_further(world: World) -> None:
    def stop(item: str) -> None:
        if item == "i10":
            world.stopping.set()

    world.features.before = stop
    world.refresh.look()
    assert world.features.asked == ["i0", "i10"]
    assert world.favourite() == "i0"


def test_a_model_swapped_meanwhile_gets_a_reading_of_its_own(world: World) -> None:
    def swap(item: str) -> None:
        if item == "i20":
            world.features.before = lambda _: None
            world.shop.publish("v2", ["ada"])
            world.shelf.look()

    world.features.before = swap
    world.refresh.look()
    model = world.shelf.model(SHOP)
    assert (model.version, model.popularity_mark) == ("v2", None)
    world.refresh.look()
    assert world.favourite() == "i35"


def test_a_store_that_hangs_is_asked_for_its_marks_a_few_times_only(shop: Any) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as tarpit:
        port = tarpit.getsockname()[1]
        marks = Marks(shop.settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{port}/0"}))
        assert {marks.features(Tenant(f"tenant-{n}")) for n in range(50)} == {None}
        tarpit.settimeout(0)
        connections = 0
        while True:
            try:
                tarpit.accept()[0].close()
            except BlockingIOError:
                break
            connections += 1
    assert 0 < connections < 10

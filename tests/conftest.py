"""Fixtures over the real services: one platform per test run, in a folder and on ports of its own."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from recolake.lake.engine import disconnect
from recolake.platform import control
from recolake.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Processes share the cores, and threads of one of them that meet at a barrier would spin until the last of
# them gets a core, too: a second of training became forty. Read when numpy and torch are loaded.
os.environ["OMP_NUM_THREADS"] = "1"

# Real services answer when they can: how long one example takes says nothing about whether it is right.
hypothesis_settings.register_profile("default", deadline=None)
hypothesis_settings.register_profile("soak", deadline=None, max_examples=2_000)
hypothesis_settings.load_profile("soak" if os.environ.get("RECOLAKE_SOAK") else "default")


# To compile Java at its best is two fifths of what the engine does in minutes with a handful of rows. What is
# compiled at its quickest takes more room; without that methods push each other out.
_QUICK_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=512m"
# What starts all services.
_ALL_SERVICES = {"full_platform", "with_airflow"}
_DATA_SERVICES = ("spark", "postgres", "redis")
_LAST_WITH_ALL = pytest.StashKey[Path]()
# Modules that one process runs, because they share what took long to make: all services, or built tables.
_TOGETHER = (
    ("e2e/", "integration/orchestration/", "integration/platform/test_full_platform"),
    ("integration/transform/",),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs all services comes first, so that they can be stopped when the others begin.

    Alone, what needs no platform comes first, because it fails soonest. Where several processes share the
    work (`-n`), each has a platform of its own, and the long groups come first, so that the small ones fill
    what is left of the time.
    """

    def needs(item: pytest.Item) -> int:
        names = set(getattr(item, "fixturenames", ()))
        return 1 if names & _ALL_SERVICES else 2 if "platform" in names else 0

    costs = {module: max(needs(item) for item in found) for module, found in _modules(items)}
    shared_work = hasattr(config, "workerinput")
    places = {cost: cost or 3 if shared_work else cost for cost in range(3)}

    def alone(item: pytest.Item) -> bool:
        return _group(item.nodeid) == _module(item.nodeid)

    items.sort(key=lambda item: (places[costs[item.path]], alone(item)))
    with_all = [item.path for item in items if costs[item.path] == 1]
    if with_all and any(cost == 2 for cost in costs.values()):
        config.stash[_LAST_WITH_ALL] = with_all[-1]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Gives groups of modules to processes. pytest-xdist 3.8 has its own way, which pytest 9.2 took away."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    return Scheduling(config, log)


def _group(nodeid: str) -> str:
    module = _module(nodeid)
    return next(
        (str(group) for group in _TOGETHER if module.startswith(tuple(f"tests/{part}" for part in group))),
        module,
    )


def _module(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _modules(items: list[pytest.Item]) -> Iterator[tuple[Path, list[pytest.Item]]]:
    by_module = sorted(items, key=lambda item: item.path)
    for module, found in itertools.groupby(by_module, key=lambda item: item.path):
        yield module, list(found)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the checkout; tests that need it are skipped where it is not."""
    folder = Path(os.environ.get("RECOLAKE_SHARED_DATA", PROJECT_ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data is not at {folder} (RECOLAKE_SHARED_DATA names another place)")
    return folder


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """State folder of this test run; short, and never that of a platform that somebody uses."""
    with tempfile.TemporaryDirectory(prefix="recolake-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def settings(home: Path) -> Iterator[Settings]:
    """Settings of this test run. The environment agrees, for code that reads it and for child processes."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("RECOLAKE_")}
    for name in kept:
        if name != "RECOLAKE_SHARED_DATA":
            del os.environ[name]
    ours = {
        "RECOLAKE_HOME": str(home),
        "RECOLAKE_SPARK_DRIVER_MEMORY": "2g",
        "RECOLAKE_SPARK_JAVA_OPTIONS": _QUICK_JAVA,
        # Once a year: a sweep in the middle of a test would ingest what the test waits for others to ingest.
        "RECOLAKE_SWEEP_SCHEDULE": "0 0 1 1 *",
    }
    os.environ.update(ours)
    try:
        yield Settings()
    finally:
        for name in ours:
            del os.environ[name]
        os.environ.update(kept)


@pytest.fixture(scope="session")
def _supervised(settings: Settings) -> Iterator[Settings]:
    """Whatever was started on these settings is stopped at the end, also after failures."""
    try:
        yield settings
    finally:
        disconnect()
        control.down(settings)


@pytest.fixture(scope="session")
def postgres(_supervised: Settings) -> Settings:
    """PostgreSQL alone, a real one, running."""
    control.up(_supervised, ("postgres",))
    return _supervised


@pytest.fixture(scope="session")
def home_beside(postgres: Settings) -> Callable[..., Settings]:
    """`home_beside(folder, ...)`: an empty home of its own, on the PostgreSQL of this run."""
    from sqlalchemy import text

    from control_plane.database import LOGIN_PASSWORD, open_database
    from recolake.endpoints import resolve
    from recolake.secrets.provider import secrets_of

    # One server has one password for the accounts' role, and whoever opens the database sets it.
    with open_database(postgres).platform() as session:
        session.execute(text("SELECT 1"))

    def make(folder: Path, **settings: Any) -> Settings:
        made = Settings(home=folder, postgres_url=resolve(postgres, "postgres"), **settings)
        password = secrets_of(postgres).get(LOGIN_PASSWORD)
        assert password is not None
        secrets_of(made).put(LOGIN_PASSWORD, password.reveal())
        return made

    return make


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], object]], None]:
    """Asks again and again until the answer is yes; fails after two minutes."""

    def wait_for(question: Callable[[], object]) -> None:
        retry(retry=retry_if_result(lambda yes: not yes), stop=stop_after_delay(120), wait=wait_fixed(0.1))(
            question
        )()

    return wait_for


@pytest.fixture(scope="session")
def platform(_supervised: Settings) -> Settings:
    """Spark, PostgreSQL and Redis, real ones, running."""
    control.up(_supervised, _DATA_SERVICES)
    return _supervised


@pytest.fixture(scope="module", autouse=True)
def _airflow_ends_with_its_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """After the last module that needs all services the others have theirs alone; the engine stays warm.

    By the clock Airflow ingests and builds, which would happen between two looks of a test at a table.
    """
    yield
    if request.node.path == request.config.stash.get(_LAST_WITH_ALL, None):
        others = set(control.default_services()) - set(control.with_needs(_DATA_SERVICES))
        control.down(request.getfixturevalue("_supervised"), others)


@pytest.fixture(scope="session")
def full_platform(_supervised: Settings) -> Settings:
    """Every service of the platform, running."""
    control.up(_supervised)
    return _supervised


@pytest.fixture(scope="session")
def spark(platform: Settings) -> SparkSession:
    """A session on the running engine."""
    from recolake.lake.engine import connect

    return connect(platform)

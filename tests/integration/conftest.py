"""What tests of several parts together share: an engine that takes a handful of rows for what they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recolake.lake.engine import connect
from recolake.settings import Settings

# Compiling plans, cutting rows into partitions and planning anew after each stage are half of what a build
# of a hundred rows costs; what these tests prove is the SQL. The end-to-end test and the one of Online Retail
# run as the platform does.
_SMALL = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
}


@pytest.fixture(scope="module", autouse=True)
def _small_data(request: pytest.FixtureRequest) -> Iterator[None]:
    """In modules that use the engine, unless they are marked as `much_data`."""
    module = request.node
    items = [item for item in request.session.items if item.getparent(pytest.Module) is module]
    uses_engine = any("spark" in getattr(item, "fixturenames", ()) for item in items)
    if not uses_engine or module.get_closest_marker("much_data"):
        yield
        return
    platform: Settings = request.getfixturevalue("platform")
    # Unset, what the platform gave its engine would be what Spark has for it.
    before = connect(platform).conf.getAll
    for name, value in _SMALL.items():
        connect(platform).conf.set(name, value)
    yield
    for name in _SMALL:
        if name in before:
            connect(platform).conf.set(name, before[name])
        else:
            connect(platform).conf.unset(name)

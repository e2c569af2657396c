"""What tests of several parts together share: an engine that does not compile plans for a handful of rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recolake.lake.engine import connect
from recolake.settings import Settings

# Compiling the engine's plans is a quarter and more of what these tests cost; what they prove is the SQL. The
# end-to-end test and the one of Online Retail run compiled plans.
_INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}


@pytest.fixture(scope="module", autouse=True)
def _interpreted(request: pytest.FixtureRequest) -> Iterator[None]:
    """Plans are interpreted in modules that use the engine, unless marked as `compiled`."""
    module = request.node
    items = [item for item in request.session.items if item.getparent(pytest.Module) is module]
    uses_engine = any("spark" in getattr(item, "fixturenames", ()) for item in items)
    if not uses_engine or module.get_closest_marker("compiled"):
        yield
        return
    platform: Settings = request.getfixturevalue("platform")
    for name, value in _INTERPRETED.items():
        connect(platform).conf.set(name, value)
    yield
    for name in _INTERPRETED:
        connect(platform).conf.unset(name)

"""The tests of the tables look at everything that was never tested, and stay red until it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from recolake.lake.tables import BRONZE_EVENTS, BRONZE_INGESTS, DBT_TABLES
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.build import build
from recolake.transform.outcome import BuildError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PLANTED = Tenant("planted")


@pytest.fixture
def _planted(settings: Settings, spark: SparkSession, bronze: Any, behaviour: Any) -> Iterator[None]:
    """A tenant never built; one of its events comes on two days, another was accepted and is not there."""
    bronze.upload(
        PLANTED, [behaviour[0][0], {**behaviour[1][0], "event_id": behaviour[0][0]["event_id"]}], lost=1
    )
    yield
    for table in (BRONZE_EVENTS, BRONZE_INGESTS, *DBT_TABLES):
        spark.sql(f"DELETE FROM {table.qualified} WHERE tenant_id = '{PLANTED}'")


@pytest.mark.usefixtures("_planted")
def test_a_first_build_fails_for_lost_and_repeated_events_and_so_does_the_next(settings: Settings) -> None:
    for _ in range(2):
        with pytest.raises(BuildError, match="assert_") as failed:
            build(settings, PLANTED)
        assert "1 more failed" in failed.value.message

"""An engine that stops in the middle, or loses its metastore, costs a second run, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recolake.errors import ServiceUnavailableError
from recolake.lake.engine import connect, disconnect
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_INGESTS
from recolake.landing.store import land
from recolake.platform import control
from recolake.platform.state import pid_file
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key
from spark_jobs.ingest import ingest_pending

SHOP = Tenant("shop")
ROWS = 2_000
MAPPING = """version: 1
format: csv
columns: [person, thing, moment]
event: {user: person, item: thing, type: "'view'", time: moment}
"""


@pytest.fixture
def own(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An engine of the test's own, that it may kill."""
    own = settings.model_copy(update={"home": tmp_path_factory.mktemp("p"), "spark_driver_memory": "1g"})
    try:
        control.up(own, ["spark"])
        yield own
        disconnect(own)
    finally:
        control.down(own)


def test_an_engine_killed_in_the_middle_of_an_ingest_is_an_error_and_the_rerun_completes_it(
    own: Settings, tmp_path: Path
) -> None:
    """Its metastore, a cache of the Delta tables, was broken too: it is set aside and made anew."""
    mapping, file = tmp_path / "mapping.yaml", tmp_path / "rows.csv"
    mapping.write_text(MAPPING)
    rows = "".join(f"u{i},i{i % 50},2024-02-{i % 28 + 1:02d} 10:00:00\n" for i in range(ROWS))
    file.write_text(f"person,thing,moment\n{rows}")
    ensure_tenant_key(own, SHOP)
    land(own, SHOP, [file], mapping)
    engine = pid_file(own, "spark").process()
    assert engine is not None
    metastore = own.home / "spark" / "metastore"

    def kill_after_first_append(line: str) -> None:
        if line == "accepted rows appended":
            engine.kill()
            engine.wait()
            (metastore / "service.properties").write_text("no metastore at all")

    with pytest.raises(ServiceUnavailableError, match="rows were ingested") as caught:
        ingest_pending(own, SHOP, progress=kill_after_first_append)
    assert "recolake ingest --tenant shop" in caught.value.hint

    control.up(own, ["spark"])
    assert list(metastore.parent.glob("metastore-broken-*"))
    spark = connect(own)
    landed = read_tenant(spark, own, BRONZE_EVENTS, SHOP).select("ingested_at").distinct().collect()
    (report,) = ingest_pending(own, SHOP)
    assert (report.accepted, report.repeats, report.quarantined) == (ROWS, 0, 0)
    events = read_tenant(spark, own, BRONZE_EVENTS, SHOP)
    assert (events.count(), events.select("event_id").distinct().count()) == (ROWS, ROWS)
    accounted = read_tenant(spark, own, BRONZE_INGESTS, SHOP).select("ingested_at").collect()
    assert [row.ingested_at for row in accounted] == [row.ingested_at for row in landed]

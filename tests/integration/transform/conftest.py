"""A small, dirty stream of behaviour, and ways to put it into bronze and to read what was built from it."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from recolake.lake.catalog import register_tables, table_version
from recolake.lake.tables import (
    BRONZE_EVENTS,
    BRONZE_INGESTS,
    BRONZE_ITEMS,
    BRONZE_QUARANTINE,
    BRONZE_USERS,
    BUILD_MARKS,
    DBT_TABLES,
    SILVER_EVENTS,
    Table,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.build import build

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Row = dict[str, Any]
Content = dict[str, list[tuple[Any, ...]]]
"""Rows of tables by qualified name."""
# What depends on when rows arrived, not on what they say.
ARRIVAL = {"tenant_id", "ingested_at", "created_timestamp", "goods_changed_at", "upload_id"}
FIRST_DAY = dt.date(2026, 1, 5)
# Days by their number: which arrive together, and when. Day 3 is late in both; every upload has late rows of
# day 1, too.
IN_ORDER = [(0, 1, 2, 4, 5), (3, 6), (7, 8, 9)]
SHUFFLED = [(9, 2, 0), (7, 5, 8, 1), (6, 4, 3)]
LONG_AGO = {0: dt.date(2011, 6, 1), 4: dt.date(1970, 1, 1), 9: dt.date(1987, 4, 1)}


def _event(rng: random.Random, number: int, day: dt.date) -> Row:
    kind = rng.choices(["purchase", "view", "cart", "return", "sneeze"], [10, 4, 2, 2, 1])[0]
    item = rng.choice([*(f"i{n}" for n in range(12)), None])
    # Few distinct minutes, so that events tie in time and the tie must be broken by content.
    when = dt.datetime.combine(day, dt.time(rng.randrange(8, 12), rng.choice([0, 30])), dt.UTC)
    pieces = Decimal(rng.randrange(1, 9)) * (-1 if kind == "return" else 1)
    price = Decimal(rng.randrange(100, 999)) / 100
    attributes = {"title": rng.choice([f"  Thing {item} ", f"Better thing {item}", "   "])}
    if rng.random() < 0.3:
        attributes["is_goods"] = rng.choice(["true", "true", "true", "false"])
    if rng.random() < 0.3:
        attributes["colour"] = rng.choice(["red", "blue"])
    return {
        "event_id": f"{number:04d}{rng.randrange(16**8):08x}",
        "user_id": rng.choice([*(f"u{n}" for n in range(7)), None]),
        "item_id": item,
        "event_type": kind,
        "value": pieces * price,
        "quantity": pieces,
        "price": price,
        "event_time": when,
        "event_date": day,
        "order_id": rng.choice([f"o{n}" for n in range(5)]),
        "item_attributes": attributes if item else None,
        "user_attributes": {"country": rng.choice(["UK", "FR"])} if rng.random() < 0.5 else None,
    }


def statements(number: int) -> list[Row]:
    """What a tenant states over the API on a day, by the day's number: of two items, and of a person."""
    day = FIRST_DAY + dt.timedelta(days=number + (40 if number > 5 else 0))
    common = {
        "event_time": dt.datetime.combine(day, dt.time(12), dt.UTC),
        "event_date": day,
        "event_type": None,
    }
    told: list[tuple[str, Row]] = [
        ("item", {"item_id": f"i{number % 3}", "item_attributes": {"shelf": f"s{number}"}}),
        ("item", {"item_id": "told", "price": Decimal(number), "item_attributes": {"title": f"T{number}"}}),
        ("user", {"user_id": "u1", "user_attributes": {"tier": f"t{number}"}}),
    ]
    return [
        {**common, **row, "kind": kind, "event_id": f"told-{number}-{place}"}
        for place, (kind, row) in enumerate(told)
    ]


@pytest.fixture(scope="session")
def behaviour() -> list[list[Row]]:
    """Events of ten days, as a list per day; those from day 6 on are far from the others.

    With some days comes an event of a clock that was wrong, as of `LONG_AGO`.
    """
    rng = random.Random(20260105)
    days = [FIRST_DAY + dt.timedelta(days=n + (40 if n > 5 else 0)) for n in range(10)]
    behaviour = [[_event(rng, n * 1000 + k, day) for k in range(25)] for n, day in enumerate(days)]
    for n, day in LONG_AGO.items():
        past = _event(rng, 90_000 + n, day)
        behaviour[n].append({**past, "item_id": "i1", "user_id": "u1", "event_type": "purchase"})
    return behaviour


@dataclass
class Bronze:
    """Appends uploads to bronze, as the ingest does."""

    spark: SparkSession
    clock: dt.datetime = field(default=dt.datetime(2026, 6, 1, tzinfo=dt.UTC))

    def upload(self, tenant: Tenant, events: Iterable[Row], quarantined: int = 0, lost: int = 0) -> None:
        """One upload of these events and some broken rows; so many of its rows vanish on the way."""
        for table, rows in self._rows_of(tenant, events, quarantined, lost).items():
            self._append(table, rows)

    def uploads(self, sent: Iterable[tuple[Tenant, Iterable[Row]]]) -> None:
        """Uploads of these events, one a minute, in one commit a table."""
        appended: dict[Table, list[Row]] = {}
        for tenant, events in sent:
            for table, rows in self._rows_of(tenant, events).items():
                appended.setdefault(table, []).extend(rows)
        for table, rows in appended.items():
            self._append(table, rows)

    def _rows_of(
        self, tenant: Tenant, events: Iterable[Row], quarantined: int = 0, lost: int = 0
    ) -> dict[Table, list[Row]]:
        self.clock += dt.timedelta(minutes=1, microseconds=7)
        upload = f"{tenant.name}-{self.clock:%H%M%S}"
        common = {
            "tenant_id": tenant.name,
            "upload_id": upload,
            "source_file": "a.csv",
            "ingested_at": self.clock,
        }
        rows = [{**e, **common, "source_line": n + 2, "raw_record": "{}"} for n, e in enumerate(events)]
        broken = {**common, "event_id": "broken", "reasons": ["missing_item"], "raw_record": "{}"}
        counts = {
            "rows_in": len(rows) + lost + quarantined,
            "accepted": len(rows) + lost,
            "quarantined": quarantined,
            "repeats": 0,
            "verdict": True,
        }
        return {
            BRONZE_EVENTS: [row for row in rows if row.get("kind") is None],
            BRONZE_ITEMS: [row for row in rows if row.get("kind") == "item"],
            BRONZE_USERS: [row for row in rows if row.get("kind") == "user"],
            BRONZE_QUARANTINE: [{**broken, "source_line": n + 900} for n in range(quarantined)],
            BRONZE_INGESTS: [{**common, **counts, "file_sha256": upload, "mapping_sha256": "m"}],
        }

    def _append(self, table: Table, rows: list[Row]) -> None:
        if not rows:
            return
        schema = self.spark.table(table.qualified).schema
        values = [tuple(row.get(name) for name in schema.names) for row in rows]
        self.spark.createDataFrame(values, schema).write.format("delta").mode("append").saveAsTable(
            table.qualified
        )


@pytest.fixture(scope="session")
def bronze(spark: SparkSession, settings: Settings) -> Bronze:
    register_tables(spark, settings)
    return Bronze(spark)


def _plain(value: Any) -> Any:
    """A value that compares: floats to 9 digits, containers as tuples."""
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return tuple(sorted(value.items()))
    if isinstance(value, list):
        return tuple(_plain(v) for v in value)
    return value


@dataclass(frozen=True)
class Built:
    """Reads what was built, without what depends on arrival."""

    spark: SparkSession
    settings: Settings

    def __call__(self, tenant: Tenant) -> Content:
        """Everything of one tenant."""
        return self.of([tenant])[tenant]

    def rows(self, tenant: Tenant, table: Table) -> list[tuple[Any, ...]]:
        """One table of one tenant."""
        return self.of([tenant], [table])[tenant][table.qualified]

    def of(self, tenants: Iterable[Tenant], tables: Iterable[Table] = DBT_TABLES) -> dict[Tenant, Content]:
        """Tables of some tenants; each table is read once."""
        found: dict[Tenant, Content] = {tenant: {} for tenant in tenants}
        for table in tables:
            stored = self.spark.read.format("delta").load(table.location(self.settings))
            rows = stored.where(stored.tenant_id.isin([tenant.name for tenant in found])).collect()
            kept = [name for name in stored.columns if name not in ARRIVAL]
            for tenant, content in found.items():
                mine = (row for row in rows if row["tenant_id"] == tenant.name)
                content[table.qualified] = sorted(
                    (tuple(_plain(row[name]) for name in kept) for row in mine), key=repr
                )
        return found


@pytest.fixture(scope="session")
def built(spark: SparkSession, settings: Settings) -> Built:
    return Built(spark, settings)


@dataclass(frozen=True)
class Arrivals:
    """Tenants with the same behaviour that arrived differently, built after each arrival, beside two others.

    Attributes:
        tables: of the four, after the last build.
        versions: Delta versions of the tables, and of the marks, after each build.
        again: after one more for which nothing had come.
        odd: has an ordinary day, then uploads with nothing in them for some table or for any.
        overlaps: after each build, events in silver of a tenant whose uploads come during builds.
    """

    tenants: dict[str, Tenant]
    tables: dict[str, Content]
    versions: list[dict[str, int]]
    again: dict[str, int]
    odd: Tenant
    overlaps: list[int]


def _arriving(behaviour: list[list[Row]]) -> dict[str, list[list[Row]]]:
    """What arrives together, by tenant: events, and what is stated on their days."""
    behaviour = [[*day, *statements(number)] for number, day in enumerate(behaviour)]

    def days(order: list[tuple[int, ...]]) -> list[list[Row]]:
        late = behaviour[1]
        return [
            [*(e for day in step if day != 1 for e in behaviour[day]), *late[n :: len(order)]]
            for n, step in enumerate(order)
        ]

    everything = [event for day in behaviour for event in day]
    looks = [e for day in behaviour[:5] for e in day if e["event_type"] != "purchase"]
    known = {e["event_id"] for e in looks}
    return {
        "in-order": days(IN_ORDER),
        "shuffled": days(SHUFFLED),
        "at-once": [everything, [], []],
        "looks-first": [looks, [e for e in everything if e["event_id"] not in known], []],
    }


@pytest.fixture(scope="session")
def purchases(behaviour: list[list[Row]]) -> list[Row]:
    """Purchases by people of items that are goods, all on one day."""
    common = {"event_type": "purchase", "item_attributes": {}}
    return [
        {**event, **common, "user_id": f"u{n % 3}", "item_id": f"i{n % 5}"}
        for n, event in enumerate(behaviour[2])
    ]


def _odd_ones(event: Row) -> list[list[Row]]:
    """Uploads of one event, each with nothing for some table."""
    postage = {"item_id": "post", "item_attributes": {"is_goods": "false"}}
    return [
        [{**event, "event_id": "returned", "event_type": "return", "item_id": "i2"}],
        [{**event, "event_id": "no goods", **postage}],
        [{**event, "event_id": "anonymous", "user_id": None}],
    ]


@pytest.fixture(scope="package")
def arrivals(
    settings: Settings,
    spark: SparkSession,
    bronze: Bronze,
    behaviour: list[list[Row]],
    purchases: list[Row],
    built: Built,
) -> Arrivals:
    """The same behaviour day by day, shuffled, at once, and looks before the first purchase.

    All that takes several builds of everybody is done in these: building is what takes the time.
    """
    arriving = _arriving(behaviour)
    tenants = {name: Tenant(name) for name in arriving}
    odd, overlapping = Tenant("odd-uploads"), Tenant("overlap")
    parts = [purchases[:8], purchases[8:16], purchases[16:]]
    versions, overlaps = [], []

    def land_the_next(line: str) -> None:
        if line.startswith(f"{SILVER_EVENTS.qualified} ") and parts:
            bronze.upload(overlapping, parts.pop(0))

    def versions_now() -> dict[str, int]:
        return {t.qualified: table_version(spark, t, settings) for t in (*DBT_TABLES, BUILD_MARKS)}

    bronze.upload(odd, purchases)
    bronze.upload(overlapping, parts.pop(0))
    for step in range(len(IN_ORDER)):
        bronze.uploads((tenants[name], uploads[step]) for name, uploads in arriving.items() if uploads[step])
        if step == 1:
            bronze.uploads((odd, rows) for rows in _odd_ones(purchases[0]))
            bronze.upload(odd, [], quarantined=2)
        build(settings, progress=land_the_next)
        versions.append(versions_now())
        overlaps.append(len(built.rows(overlapping, SILVER_EVENTS)))
    tables = {tenant.name: content for tenant, content in built.of(tenants.values()).items()}
    build(settings)
    return Arrivals(tenants, tables, versions, versions_now(), odd, overlaps)

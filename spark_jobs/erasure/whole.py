"""A whole tenant leaves the landing zone and the lake."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812

from recolake.contracts.sql_text import identifier, literal
from recolake.lake.catalog import table_version
from recolake.lake.cuts import remember_cuts
from recolake.lake.engine import connect, engine_errors
from recolake.lake.tables import ALL_TABLES, BUILD_MARKS, DBT_TABLES, DBT_WHOLE_TABLES, Table
from recolake.landing.upload import tenant_folder
from recolake.privacy.certificate import Looked
from recolake.privacy.stores import Leaving
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.marks import Mark, carried, read_marks, write_marks
from spark_jobs.erasure.cut import LOG, cut, holds_data
from spark_jobs.erasure.rows import lake_path

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_NOTE = "rows removed; versions before are no more"


def dismiss_landing(leaving: Leaving) -> list[Looked]:
    """Remove the tenant's folder of raw files: it goes out of sight in one step, then from the disk.

    A killed run leaves the folder with a name that no tenant can have; the next one removes it.
    """
    folder = tenant_folder(leaving.settings, leaving.tenant)
    aside = folder.with_name(f".{folder.name}.dismissed")
    uploads = sum(1 for path in folder.glob("*") if path.is_dir()) if folder.exists() else 0
    if aside.exists():
        shutil.rmtree(aside)
    if folder.exists():
        folder.rename(aside)
        shutil.rmtree(aside)
    return [Looked(store="landing", unit="uploads", found=uploads, left=int(folder.exists()))]


def dismiss_rows(leaving: Leaving) -> list[Looked]:
    """Remove the tenant's rows from every table, with the past of each table that had any.

    Builds of other tenants go on from where they were: their rows are what they were.
    """
    settings, tenant = leaving.settings, leaving.tenant
    with engine_errors("a tenant was removed", f"recolake tenant resume {tenant}"):
        spark = connect(settings)
        tables = [table for table in ALL_TABLES if _has_tenants(spark, settings, table)]
        marks, before = read_marks(spark, settings), _versions(spark, settings, tables)
        looked = []
        for table in tables:
            found = _count(spark, settings, table, tenant)
            if found:
                leaving.say(f"{table.qualified}: {found} rows")
                _delete(spark, settings, table, tenant)
            if found or _unfinished(leaving, table):
                version = cut(spark, lake_path(table, settings))
                leaving.cut[table.qualified] = version
                remember_cuts(settings, {table.qualified: version})
            left = _count(spark, settings, table, tenant) if found else 0
            looked.append(Looked(store=table.qualified, unit="rows", found=found, left=left, note=_NOTE))
        after = _versions(spark, settings, tables)
        fresh = marks_without(marks, tenant, before, after)
        if fresh != marks:
            write_marks(spark, settings, fresh)
            cut(spark, lake_path(BUILD_MARKS, settings))
    return looked


def marks_without(
    marks: Iterable[Mark], tenant: Tenant, before: Mapping[Table, int], after: Mapping[Table, int]
) -> frozenset[Mark]:
    """The marks of all others, for the versions that hold their very rows now."""
    kept = frozenset(mark for mark in marks if mark.tenant != tenant.name)
    for table, version in before.items():
        kept = carried(kept, table, version, after.get(table, version))
    return kept


def _has_tenants(spark: SparkSession, settings: Settings, table: Table) -> bool:
    location = lake_path(table, settings)
    if table is BUILD_MARKS or not holds_data(location):
        return False
    return "tenant_id" in spark.read.format("delta").load(str(location)).columns


def _count(spark: SparkSession, settings: Settings, table: Table, tenant: Tenant) -> int:
    rows = spark.read.format("delta").load(str(lake_path(table, settings)))
    return rows.where(F.col("tenant_id") == tenant.name).count()


def _delete(spark: SparkSession, settings: Settings, table: Table, tenant: Tenant) -> None:
    target = identifier(str(lake_path(table, settings)))
    own = f"tenant_id = {literal(tenant.name)}"
    spark.sql(f"DELETE FROM delta.{target} WHERE {own}").collect()  # noqa: S608  a path and a checked name


def _unfinished(leaving: Leaving, table: Table) -> bool:
    """Whether a run that was killed may have removed the rows, and not yet the past: its `DELETE`, whose
    predicate names the tenant (`tenant_id#12 = shop`), is then still in the log.

    Nothing less will do: other tenants' versions of a table would go for a name that also stands elsewhere.
    """
    named = re.compile(rf"tenant_id\S* = {re.escape(leaving.tenant.name)}(?![a-z0-9-])".encode())
    log = lake_path(table, leaving.settings) / LOG
    return any(named.search(path.read_bytes()) for path in log.glob("*.json"))


def _versions(spark: SparkSession, settings: Settings, tables: Iterable[Table]) -> dict[Table, int]:
    built = {*DBT_TABLES, *DBT_WHOLE_TABLES}
    return {table: table_version(spark, table, settings) for table in tables if table in built}

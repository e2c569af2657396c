"""What a build tells of itself: a run for each tenant, and within it one for each model that wrote its table.

Which table a model is built from is dbt's to say: its manifest, in which views are looked through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from recolake.lake.catalog import table_version
from recolake.lake.tables import ALL_TABLES, EVENT_WEIGHTS, Layer, Table
from recolake.lineage.emit import LineageRun, harmless, lineage_run, table_at
from recolake.lineage.events import DataState, State
from recolake.lineage.names import table as table_node
from recolake.lineage.store import append_events
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.news import News
from recolake.transform.outcome import NodeOutcome

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_JOB = "build"
_INTEGRATION = "DBT"
Versions = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Model:
    """A dbt model's table, the tables it is built from, and its columns as (name, type, description)."""

    table: str
    inputs: tuple[str, ...]
    fields: tuple[tuple[str, str, str], ...]


@dataclass
class BuildLineage:
    """A build under way; `before` has the Delta versions of all tables when it began."""

    settings: Settings
    before: dict[str, int] = field(default_factory=dict)
    runs: dict[str, LineageRun] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    def begins(self, spark: SparkSession, tenants: Iterable[str]) -> None:
        """It works for these tenants. Ask for the latest ingests first: what came since is not read."""
        self._look(spark)
        for name in sorted(tenants):
            run = lineage_run(self.settings, Tenant(name), _JOB, integration=_INTEGRATION)
            self.runs[name] = self.stack.enter_context(run)

    @harmless
    def _look(self, spark: SparkSession) -> None:
        self.before = versions_of(spark, self.settings)

    @harmless
    def built(
        self,
        spark: SparkSession,
        nodes: Sequence[NodeOutcome],
        news: Mapping[str, Sequence[News]],
        anew: Sequence[str],
    ) -> None:
        """dbt is through. Told are tables with a new version, to tenants of whom there was news.

        `anew` names tenants whose tables were recomputed before.
        """
        after = versions_of(spark, self.settings)
        manifest = self.settings.home / "dbt" / "target" / "manifest.json"
        models = models_of(orjson.loads(manifest.read_bytes()))
        touched = {*anew, *(entry.tenant for entries in news.values() for entry in entries)}
        wrote = [
            (node, models[node.name])
            for node in nodes
            if node.kind == "model"
            and node.status == "success"
            and node.name in models
            and after.get(models[node.name].table) != self.before.get(models[node.name].table)
        ]
        for name in touched & self.runs.keys():
            self._tell(self.runs[name], wrote, after)

    def _tell(self, parent: LineageRun, wrote: Sequence[tuple[NodeOutcome, Model]], after: Versions) -> None:
        now, lines = datetime.now(UTC), []
        for node, model in wrote:
            run = LineageRun(
                self.settings, parent.tenant, f"{_JOB}.{node.name}", parent.as_parent, _INTEGRATION
            )
            for name in model.inputs:
                version = (self.before if name.startswith(f"{Layer.BRONZE}.") else after).get(name)
                if version is not None:
                    run.reads(self._dataset(name, version))
            run.wrote(self._dataset(model.table, after[model.table], model.fields))
            began = now - timedelta(seconds=node.seconds)
            lines += [run.event(State.START, began), run.event(State.COMPLETE, now)]
        if lines:
            append_events(self.settings, parent.tenant, now, lines)

    def _dataset(self, name: str, version: int, fields: Sequence[tuple[str, str, str]] = ()) -> DataState:
        table = _TABLES.get(name)
        if table is not None and table.columns:
            return table_at(table, version, self.settings)
        location = table.location(self.settings) if table else ""
        return DataState(table_node(name, version), fields=fields, location=location)


@contextmanager
def build_lineage(settings: Settings) -> Iterator[BuildLineage]:
    """Tell of a build: of each tenant's run when it begins, and whether it went well when it ends."""
    lineage = BuildLineage(settings)
    with lineage.stack:
        yield lineage


def models_of(manifest: Mapping[str, Any]) -> dict[str, Model]:
    """Models that have a table, by name, from dbt's manifest."""
    nodes: dict[str, Any] = {**manifest["sources"], **manifest["nodes"]}

    def tables(unique_id: str) -> set[str]:
        node = nodes[unique_id]
        if node.get("config", {}).get("materialized") in ("view", "ephemeral"):
            return {name for parent in node["depends_on"]["nodes"] for name in tables(parent)}
        return {f"{node['schema']}.{node.get('alias') or node.get('identifier')}"}

    found = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] != "model" or node["config"]["materialized"] in ("view", "ephemeral"):
            continue
        (own,) = tables(unique_id)
        above = {name for parent in node["depends_on"]["nodes"] for name in tables(parent)}
        columns = node.get("columns", {}).values()
        fields = tuple((c["name"], c.get("data_type") or "", c.get("description") or "") for c in columns)
        found[node["name"]] = Model(own, tuple(sorted(above - {own})), fields)
    return found


def versions_of(spark: SparkSession, settings: Settings) -> dict[str, int]:
    """Delta version of every table that is there, by qualified name."""
    return {
        table.qualified: table_version(spark, table, settings)
        for table in _TABLES.values()
        if (Path(table.location(settings).removeprefix("file://")) / "_delta_log").is_dir()
    }


_TABLES: dict[str, Table] = {table.qualified: table for table in (*ALL_TABLES, EVENT_WEIGHTS)}

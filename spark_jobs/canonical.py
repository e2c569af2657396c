"""Raw rows to canonical events: mapping expressions, pseudonyms and identity, all as Spark SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame

from recolake.contracts.events import DECIMAL
from recolake.contracts.expressions import Expression, physical_name
from recolake.contracts.identity import PRICE, QUANTITY, RECORD, SESSION
from recolake.contracts.mapping import EventMapping
from recolake.contracts.sql_text import identifier, literal
from recolake.records.kinds import Kind
from recolake.tenancy.context import Tenant
from spark_jobs.identify import event_id_sql, number_text_sql, pseudonym_sql, time_text_sql
from spark_jobs.parse import BROKEN_TEXT, FILE, LINE, PROBLEM

UNREADABLE = "unreadable"
"""Names of the number fields whose text is no number. Rules ask for it; it is never written to a table."""
KIND, GIVEN = "kind", "id_is_given"
"""What a row is about (`recolake.records.kinds.Kind`), and whether its id is the source's own."""
_NUMBERS = ("value", "quantity", "price")
# A zone may carry a time out of the years that Python's dates have. Such a time counts as unreadable, so that
# whoever fetches a row can hold it.
TIME = (
    "CASE WHEN time_field BETWEEN TIMESTAMP'0001-01-01 00:00:00Z' AND TIMESTAMP'9999-12-31 23:59:59.999999Z' "
    "THEN time_field END"
)


@dataclass(frozen=True, slots=True)
class Ingest:
    """One run over one upload: whose it is, the key of the tenant's pseudonyms, and the stamps its rows get.

    `landed_at` is what rules take for now: a rerun judges every row as the first run did. Rows of `withdrawn`
    uploads make nobody's row a repeat, nor do quarantined ones of the upload that this one `repairs`.
    """

    tenant: Tenant
    key: bytes
    upload_id: str
    landed_at: datetime
    ingested_at: datetime
    run_id: str = ""
    withdrawn: tuple[str, ...] = ()
    repairs: str | None = None


def to_canonical(raw: DataFrame, mapping: EventMapping, run: Ingest) -> DataFrame:
    """The columns of `bronze.events` for every raw row, and beside them what the rules need.

    A record that could not be cut into its columns has no fields: which of them holds the person is unknown.
    """
    read = raw.selectExpr(*_fields(mapping, run), *_raw(mapping, run.key), FILE, LINE, PROBLEM)
    return read.selectExpr(*_columns(mapping, run), "landed_at", PROBLEM)


def _fields(mapping: EventMapping, run: Ingest) -> list[str]:
    """Every field of the mapping as a column: `user`, `value`, `value_text`, `p0`, `i0`, `u0`, …"""
    event = mapping.event
    names = ("id", "item", "type", "order", "recommendation")
    columns = {f"{name}_field": _text(event.get(name)) for name in names}
    columns |= {
        f"{name}_field": pseudonym_sql(_text(event.get(name)), run.key) for name in ("user", "session")
    }
    for name in _NUMBERS:
        columns[f"{name}_field"] = _if_whole(event.get(name), DECIMAL)
        columns[f"{name}_text"] = _unreadable(event.get(name))
    columns["time_field"] = _if_whole(event.get("time"), "TIMESTAMP")
    columns["time_text"] = _unreadable(event.get("time"))
    for prefix, group in (("p", mapping.properties), ("i", mapping.item), ("u", mapping.user)):
        columns |= {f"{prefix}{i}": _if_whole(e, "STRING") for i, e in enumerate(group.values())}
    columns["landed_at"] = f"timestamp_micros({micros(run.landed_at)})"
    return [f"{sql} AS {name}" for name, sql in columns.items()]


def _if_whole(expression: Expression | None, sql_type: str) -> str:
    """An expression's value; NULL for a broken record, also where the expression is a constant."""
    if expression is None:
        return f"CAST(NULL AS {sql_type})"
    return f"CASE WHEN {PROBLEM} IS NULL THEN try_cast({expression.sql} AS {sql_type}) END"


def _text(expression: Expression | None) -> str:
    """An expression's text without blanks around it; NULL where nothing is left."""
    return f"nullif(trim({_if_whole(expression, 'STRING')}), '')"


def _unreadable(expression: Expression | None) -> str:
    """The first text that should be a number or a time and is none, or a number too large; else NULL."""
    if expression is None:
        return "CAST(NULL AS STRING)"
    blank_is_none = [(f"nullif(trim({reading.text}), '')", reading.value) for reading in expression.readings]
    misread = [f"CASE WHEN {value} IS NULL THEN {text} END" for text, value in blank_is_none]
    return f"coalesce({', '.join([*misread, f'CAST({expression.sql} AS STRING)'])})"


def _raw(mapping: EventMapping, key: bytes) -> list[str]:
    """The record as JSON, people's columns as pseudonyms; of a broken record only what recognises it."""
    cells = []
    for column in mapping.columns:
        cell = physical_name(column)
        shown = pseudonym_sql(cell, key) if column in mapping.personal else cell
        cells.append(f"{shown} AS {identifier(column)}")
    broken = pseudonym_sql(BROKEN_TEXT, key)
    return [
        f"CASE WHEN {PROBLEM} IS NULL THEN to_json(struct({', '.join(cells)})) "
        f"ELSE to_json(struct({broken} AS `{RECORD}`)) END AS raw_record",
        f"{broken} AS record_field",
    ]


def _columns(mapping: EventMapping, run: Ingest) -> list[str]:
    """The table's columns, from those of `_fields`."""
    unreadable = ", ".join(
        f"CASE WHEN {n}_field IS NULL AND {n}_text IS NOT NULL THEN '{n}' END" for n in _NUMBERS
    )
    columns = {
        KIND: literal(Kind.EVENT.value),
        GIVEN: "id_field IS NOT NULL",
        "tenant_id": literal(run.tenant.name),
        "event_id": f"coalesce(id_field, {_event_id(mapping, run)})",
        "user_id": "user_field",
        "session_id": "session_field",
        "item_id": "item_field",
        "event_type": "type_field",
        **{name: f"{name}_field" for name in _NUMBERS},
        "event_time": TIME,
        "event_date": f"CAST({TIME} AS DATE)",
        "order_id": "order_field",
        "recommendation_id": "recommendation_field",
        "impressions": "CAST(NULL AS ARRAY<STRING>)",
        "properties": _map("p", mapping.properties),
        "item_attributes": _map("i", mapping.item),
        "user_attributes": _map("u", mapping.user),
        "upload_id": literal(run.upload_id),
        FILE: FILE,
        LINE: LINE,
        "ingested_at": f"timestamp_micros({micros(run.ingested_at)})",
        "raw_record": "raw_record",
        UNREADABLE: f"array_compact(array({unreadable}))",
    }
    return [f"{sql} AS {name}" for name, sql in columns.items()]


def _event_id(mapping: EventMapping, run: Ingest) -> str:
    numbers = {name: number_text_sql(f"{name}_field", f"{name}_text") for name in _NUMBERS}
    time = time_text_sql(TIME, "time_text")
    fields = (
        literal(run.tenant.name),
        "user_field",
        "item_field",
        "type_field",
        numbers["value"],
        time,
        "order_field",
    )
    properties = {name: f"p{i}" for i, name in enumerate(mapping.properties)}
    reserved = {
        SESSION: "session_field",
        QUANTITY: numbers["quantity"],
        PRICE: numbers["price"],
        RECORD: "record_field",
    }
    return event_id_sql(fields, {**properties, **reserved})


def _map(prefix: str, group: Mapping[str, Expression]) -> str:
    """A map of what has a value."""
    if not group:
        return "CAST(map() AS MAP<STRING, STRING>)"
    pairs = ", ".join(f"{literal(name)}, {prefix}{i}" for i, name in enumerate(group))
    return f"map_filter(map({pairs}), (name, value) -> value IS NOT NULL)"


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond

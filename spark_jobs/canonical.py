"""Raw rows to canonical events: mapping expressions, pseudonyms and identity, all as native Spark expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark programmer knows

from recolake.contracts.expressions import Expression
from recolake.contracts.identity import PRICE_PROPERTY, QUANTITY_PROPERTY, SESSION_PROPERTY
from recolake.contracts.mapping import NUMBER_FIELDS, EventMapping
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import PSEUDONYM_HEX_DIGITS, hmac_pads
from spark_jobs.parse import BROKEN_TEXT, FILE, LINE, PROBLEM

# What rules need to know beside the canonical columns; never written to a table.
PROBLEM_COLUMN = "problem"
UNPARSED_COLUMN = "unparsed"
_AMOUNT = "DECIMAL(18, 4)"


@dataclass(frozen=True, slots=True)
class Ingest:
    """One run over one upload: whose it is, the key of the tenant's pseudonyms, and the stamps its rows get."""

    tenant: Tenant
    key: bytes
    upload_id: str
    ingested_at: datetime


def pseudonym_of(text: Column, key: bytes) -> Column:
    """HMAC-SHA-256 as `recolake.tenancy.pseudonyms.pseudonym` gives it; NULL stays NULL."""
    inner, outer = (F.lit(pad) for pad in hmac_pads(key))
    message = F.sha2(F.concat(inner, F.encode(text, "UTF-8")), 256)
    return F.substring(F.sha2(F.concat(outer, F.unhex(message)), 256), 1, PSEUDONYM_HEX_DIGITS)


def to_canonical(raw: DataFrame, columns: Sequence[str], mapping: EventMapping, run: Ingest) -> DataFrame:
    """The canonical columns of `bronze.events` for every raw row, and beside them what the rules need.

    A record that could not be cut into its columns keeps none of them: which field holds the person is unknown.
    """
    event = mapping.event
    staged = raw.select(
        F.lit(run.tenant.name).alias("tenant_id"),
        _text(event.get("id")).alias("_given_id"),
        pseudonym_of(_text(event.get("user")), run.key).alias("user_id"),
        pseudonym_of(_text(event.get("session")), run.key).alias("session_id"),
        _text(event["item"]).alias("item_id"),
        _text(event["type"]).alias("event_type"),
        *(_amount(event.get(name)).alias(name) for name in NUMBER_FIELDS),
        F.expr(f"TRY_CAST(({event['time'].sql}) AS TIMESTAMP)").alias("event_time"),
        _text(event.get("order")).alias("order_id"),
        _text(event.get("recommendation")).alias("recommendation_id"),
        *(_text(e).alias(f"_property_{i}") for i, e in enumerate(mapping.properties.values())),
        _map_of(mapping.item).alias("item_attributes"),
        _map_of(mapping.user).alias("user_attributes"),
        *(_raw_text(event.get(name)).alias(f"_raw_{name}") for name in (*NUMBER_FIELDS, "time")),
        F.lit(run.upload_id).alias("upload_id"),
        F.col(FILE).alias("source_file"),
        F.col(LINE).alias("source_line"),
        F.lit(run.ingested_at).cast("timestamp").alias("ingested_at"),
        _raw_record(columns, mapping, run.key).alias("raw_record"),
        F.col(PROBLEM).alias(PROBLEM_COLUMN),
        pseudonym_of(F.col(BROKEN_TEXT), run.key).alias("_broken"),
    )
    names = list(mapping.properties)
    unparsed = [F.when(F.col(name).isNull() & F.col(f"_raw_{name}").isNotNull(), name) for name in NUMBER_FIELDS]
    return staged.select(
        "tenant_id",
        _event_id(names).alias("event_id"),
        "user_id", "session_id", "item_id", "event_type", "value", "quantity", "price", "event_time",
        F.to_date("event_time").alias("event_date"),
        "order_id", "recommendation_id",
        _pairs_to_map([(name, F.col(f"_property_{i}")) for i, name in enumerate(names)]).alias("properties"),
        "item_attributes", "user_attributes", "upload_id", "source_file", "source_line", "ingested_at", "raw_record",
        PROBLEM_COLUMN,
        F.array_compact(F.array(*unparsed)).alias(UNPARSED_COLUMN),
    )  # fmt: skip


def _text(expression: Expression | None) -> Column:
    """The expression as trimmed text, NULL where nothing is left."""
    if expression is None:
        return F.lit(None).cast("string")
    return F.expr(f"NULLIF(TRIM(CAST(({expression.sql}) AS STRING)), '')")


def _amount(expression: Expression | None) -> Column:
    if expression is None:
        return F.lit(None).cast(_AMOUNT)
    return F.expr(f"TRY_CAST(({expression.sql}) AS {_AMOUNT})")


def _raw_text(expression: Expression | None) -> Column:
    """What the raw row had for a field, NULL where it had nothing."""
    if expression is None or not expression.columns:
        return F.lit(None).cast("string")
    cells = [F.trim(F.col(f"`{name}`")) for name in expression.columns]
    return F.nullif(F.concat_ws("\x1f", *cells), F.lit(""))


def _map_of(expressions: Mapping[str, Expression]) -> Column:
    return _pairs_to_map([(name, _text(expression)) for name, expression in expressions.items()])


def _pairs_to_map(pairs: list[tuple[str, Column]]) -> Column:
    """A map of the pairs that have a value."""
    if not pairs:
        return F.expr("CAST(MAP() AS MAP<STRING, STRING>)")
    entries = F.create_map(*(part for name, value in pairs for part in (F.lit(name), value)))
    return F.map_filter(entries, lambda _, value: value.isNotNull())


def _raw_record(columns: Sequence[str], mapping: EventMapping, key: bytes) -> Column:
    cells = []
    for name in columns:
        cell = F.col(f"`{name}`")
        cells.append((pseudonym_of(cell, key) if name in mapping.personal else cell).alias(name))
    return F.when(F.col(PROBLEM).isNull(), F.to_json(F.struct(*cells))).otherwise(
        F.to_json(F.struct(F.col(PROBLEM).alias("problem")))
    )


def netstring_of(text: Column) -> Column:
    """`recolake.contracts.identity.netstring` as a Spark expression."""
    return F.when(text.isNull(), "-").otherwise(F.concat(F.octet_length(text).cast("string"), F.lit(":"), text))


def _event_id(property_names: Sequence[str]) -> Column:
    def amount(name: str) -> Column:
        return F.coalesce(F.col(name).cast("string"), F.col(f"_raw_{name}"))

    moment = F.coalesce(F.unix_micros("event_time").cast("string"), F.col("_raw_time"))
    fields = [F.col("tenant_id"), F.col("user_id"), F.col("item_id"), F.col("event_type"), amount("value"), moment,
              F.col("order_id")]  # fmt: skip
    properties = {name: F.col(f"_property_{i}") for i, name in enumerate(property_names)} | {
        SESSION_PROPERTY: F.col("session_id"),
        QUANTITY_PROPERTY: amount("quantity"),
        PRICE_PROPERTY: amount("price"),
    }
    pairs = [
        F.when(value.isNotNull(), F.concat(netstring_of(F.lit(name)), netstring_of(value))).otherwise("")
        for name, value in sorted(properties.items())
    ]
    content = F.sha2(F.concat(*map(netstring_of, fields), *pairs), 256)
    broken = F.sha2(F.concat(F.lit("broken:"), F.col("tenant_id"), F.lit(":"), F.col("_broken")), 256)
    return F.coalesce(F.col("_given_id"), F.when(F.col(PROBLEM_COLUMN).isNotNull(), broken).otherwise(content))

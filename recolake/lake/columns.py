"""Columns that several tables have."""

from __future__ import annotations

from recolake.lake.table import Column

PROVENANCE = (
    Column(
        "upload_id", "string", "Upload that brought the row: hash of its content and mapping", required=True
    ),
    Column("source_file", "string", "File name within the upload", required=True),
    Column("source_line", "bigint", "Line on which the record begins; the header is line 1", required=True),
    Column("ingested_at", "timestamp", "When the ingest of the upload began, UTC", required=True),
)
TENANT = Column("tenant_id", "string", "Tenant that owns the row", required=True)
EVENT_ID = Column(
    "event_id", "string", "Identity of the event: given, or the hash of its content", required=True
)
EVENT = (
    Column("user_id", "string", "Pseudonym of the person; NULL for an anonymous event"),
    Column("session_id", "string", "Pseudonym of the session"),
    Column("item_id", "string", "Item the event is about"),
    Column("event_type", "string", "purchase, return, view, cart, …"),
    Column("value", "decimal(18,4)", "Worth of the event in the tenant's currency"),
    Column("quantity", "decimal(18,4)", "Pieces"),
    Column("price", "decimal(18,4)", "Price of one piece"),
    Column("event_time", "timestamp", "When it happened, UTC"),
    Column("event_date", "date", "Date of event_time, UTC"),
    Column("order_id", "string", "Order, invoice or basket"),
    Column("recommendation_id", "string", "Recommendation that led to the event"),
    Column("properties", "map<string,string>", "All other attributes of the event"),
    Column("item_attributes", "map<string,string>", "What the row says of the item: title, is_goods, …"),
    Column("user_attributes", "map<string,string>", "What the row says of the person: country, …"),
)
IMPRESSIONS = Column(
    "impressions",
    "array<string>",
    "Items that were shown, in their order; NULL where it is not said",
    later=True,
)
RUN = Column("run_id", "string", "Run of the ingest that completed it", later=True)
REASONS = Column("reasons", "array<string>", "Every rule the row breaks", required=True)
RAW = Column(
    "raw_record", "string", "The record as JSON, personal columns replaced by pseudonyms", required=True
)
STATEMENT = (
    Column("event_id", "string", "Identity of the statement: the hash of its content", required=True),
    Column("event_time", "timestamp", "Since when it is true, UTC", required=True),
    Column("event_date", "date", "Date of event_time, UTC", required=True),
)

select
    tenant_id,
    event_id,
    item_id,
    event_time,
    event_date,
    price,
    nullif(trim(item_attributes['title']), '') as item_title,
    try_cast(item_attributes['is_goods'] as boolean) as item_is_goods,
    -- What has a column of its own is not kept twice.
    map_filter(item_attributes, (name, stated) -> name not in ('title', 'is_goods')) as item_attributes,
    ingested_at
from {{ source('bronze', 'items') }}

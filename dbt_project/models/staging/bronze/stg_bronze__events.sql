{#-
    An upload counts as it came unless somebody decided about it: then what counts is in bronze.admitted, and an admitted
    row was ingested when that was decided (recolake/transform/admission.py, docs/adr/0023).
-#}
{%- set columns = [
    'tenant_id', 'event_id', 'user_id', 'session_id', 'item_id', 'event_type', 'value', 'quantity', 'price', 'event_time',
    'event_date', 'order_id', 'recommendation_id', 'item_attributes', 'user_attributes', 'upload_id', 'ingested_at',
] -%}
with counted as (
    select events.{{ columns | join(', events.') }}
    from {{ source('bronze', 'events') }} as events
    {%- if is_filled('upload_states') %}
    left anti join {{ source('bronze', 'upload_states') }} as decided
        on events.tenant_id = decided.tenant_id and events.upload_id = decided.upload_id
    {%- endif %}
    {%- if is_filled('admitted') %}
    union all
    select {{ columns | join(', ') }} from {{ source('bronze', 'admitted') }}
    {%- endif %}
)

select
    tenant_id,
    event_id,
    user_id,
    session_id,
    item_id,
    event_type,
    value,
    quantity,
    price,
    event_time,
    event_date,
    order_id,
    recommendation_id,
    nullif(trim(item_attributes['title']), '') as item_title,
    try_cast(item_attributes['is_goods'] as boolean) as item_is_goods,
    -- What has a column of its own is not kept twice.
    map_filter(item_attributes, (name, stated) -> name not in ('title', 'is_goods')) as item_attributes,
    user_attributes,
    upload_id,
    ingested_at
from counted

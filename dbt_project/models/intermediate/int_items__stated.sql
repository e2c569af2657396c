select
    tenant_id,
    item_id,
    event_date,
    struct(event_time, event_id) as used_at,
    item_title as title,
    item_is_goods as is_goods,
    case when event_type = 'purchase' then price end as price,
    item_attributes as attributes,
    event_time as first_seen,
    event_time as last_seen,
    ingested_at
from {{ ref('stg_bronze__events') }}
where item_id is not null
{%- if is_filled('items') %}
union all
select
    tenant_id,
    item_id,
    event_date,
    struct(event_time, event_id) as used_at,
    item_title as title,
    item_is_goods as is_goods,
    price,
    item_attributes as attributes,
    event_time as first_seen,
    event_time as last_seen,
    ingested_at
from {{ ref('stg_bronze__items') }}
{%- endif %}

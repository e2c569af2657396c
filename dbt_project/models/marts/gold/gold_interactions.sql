{{ config(
    alias='interactions',
    clustered_by=['tenant_id', 'event_date'],
    deletion_vectors=true,
    unique_key=['tenant_id', 'event_date', 'user_id', 'item_id'],
) }}

{%- set touched = touched() %}
{{ touched.plan }}
select
    tenant_id,
    event_date,
    user_id,
    item_id,
    count(*) as events,
    count_if(event_type = 'return') as returns,
    cast(coalesce(sum(net_quantity), 0) as double) as quantity,
    cast(coalesce(sum(net_value), 0) as double) as value,
    cast(sum(weight) as double) as weight,
    max(event_time) as last_at,
    max(event_time) filter (where {{ takes() }}) as taken_at,
    max(event_time) filter (where weight > 0) as wanted_at,
    max(ingested_at) as ingested_at
from {{ ref('int_events__weighted') }}
where {{ touched.days }}
    and user_id is not null
    and item_id is not null
group by tenant_id, event_date, user_id, item_id

{{ config(
    alias='item_days',
    clustered_by=['tenant_id', 'event_date'],
    deletion_vectors=true,
    unique_key=['tenant_id', 'event_date', 'item_id'],
) }}

{%- set touched = touched() %}
{{ touched.plan }}
select
    tenant_id,
    event_date,
    item_id,
    count(*) as events,
    count_if(event_type = 'purchase') as purchases,
    cast(coalesce(sum(net_quantity), 0) as double) as quantity,
    cast(coalesce(sum(net_value), 0) as double) as value,
    cast(sum(weight) as double) as weight,
    max(ingested_at) as ingested_at
from {{ ref('int_events__weighted') }}
where {{ touched.days }}
    and item_id is not null
group by tenant_id, event_date, item_id

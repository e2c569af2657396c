{{ config(
    alias='events',
    clustered_by=['tenant_id', 'event_date'],
    deletion_vectors=true,
    unique_key=['tenant_id', 'event_id'],
) }}

{%- set touched = touched() %}
{{ touched.plan }}
with numbered as (
    select
        *,
        row_number() over (partition by tenant_id, event_date, event_id order by ingested_at, upload_id) as repetition
    from {{ ref('stg_bronze__events') }}
    where {{ touched.days }}
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
    upload_id,
    ingested_at
from numbered
where repetition = 1

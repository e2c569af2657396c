select
    tenant_id,
    user_id,
    event_date,
    struct(event_time, event_id) as used_at,
    user_attributes as attributes,
    event_time as first_seen,
    event_time as last_seen,
    ingested_at
from {{ ref('stg_bronze__events') }}
where user_id is not null
{%- if is_filled('users') %}
union all
select
    tenant_id,
    user_id,
    event_date,
    struct(event_time, event_id) as used_at,
    user_attributes as attributes,
    event_time as first_seen,
    event_time as last_seen,
    ingested_at
from {{ ref('stg_bronze__users') }}
{%- endif %}

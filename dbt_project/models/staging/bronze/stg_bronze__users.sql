select
    tenant_id,
    event_id,
    user_id,
    event_time,
    event_date,
    user_attributes,
    ingested_at
from {{ source('bronze', 'users') }}

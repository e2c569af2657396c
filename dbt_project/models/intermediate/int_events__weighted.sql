select
    events.tenant_id,
    events.event_date,
    events.user_id,
    events.item_id,
    events.event_type,
    events.order_id,
    events.event_time,
    events.ingested_at,
    coalesce(weights.weight, 0) as weight,
    {{ net('events.value') }} as net_value,
    {{ net('events.quantity') }} as net_quantity
from {{ ref('silver_events') }} as events
left join {{ ref('event_weights') }} as weights on events.event_type = weights.event_type

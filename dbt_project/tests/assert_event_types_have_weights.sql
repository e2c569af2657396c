{#- A type without a weight counts nothing; somebody should know. -#}
{{ config(tags=['thorough'], severity='warn') }}

select events.tenant_id, events.event_type, count(*) as events
from {{ ref('silver_events') }} as events
left anti join {{ ref('event_weights') }} as weights on events.event_type = weights.event_type
where {{ tenant_filter() | replace('tenant_id', 'events.tenant_id') }}
group by events.tenant_id, events.event_type

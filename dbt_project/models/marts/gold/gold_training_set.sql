{{ config(
    alias='training_set',
    clustered_by=['tenant_id', 'event_date'],
    deletion_vectors=true,
    unique_key=['tenant_id', 'event_date', 'user_id', 'item_id'],
) }}

{%- set touched = touched(more=changed_meanings()) %}
{{ touched.plan }}
with interactions as (
    select * from {{ ref('gold_interactions') }}
    where {{ touched.days }} and weight > 0
),

takers as (
    {{ tenants_that_take() }}
)

select
    interactions.tenant_id,
    interactions.event_date,
    interactions.user_id,
    interactions.item_id,
    interactions.events,
    interactions.weight,
    interactions.value,
    interactions.last_at,
    {{ taken_at('interactions', 'takers') }} as taken_at,
    greatest(interactions.ingested_at, items.goods_changed_at, takers.since) as ingested_at
from interactions
inner join {{ ref('silver_items') }} as items
    on interactions.tenant_id = items.tenant_id and interactions.item_id = items.item_id
left join takers on interactions.tenant_id = takers.tenant_id
where items.is_goods

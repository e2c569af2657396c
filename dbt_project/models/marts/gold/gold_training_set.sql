{{ config(
    alias='training_set',
    clustered_by=['tenant_id', 'event_date'],
    unique_key=['tenant_id', 'event_date', 'user_id', 'item_id'],
) }}

{#- An item that became goods, or ceased to be, changes the days on which people met it. -#}
{%- set goods_changes %}
    select met.tenant_id, met.event_date, items.goods_changed_at as changed_at
    from {{ ref('gold_interactions') }} as met
    inner join {{ ref('silver_items') }} as items on met.tenant_id = items.tenant_id and met.item_id = items.item_id
    where items.goods_changed_at is not null
{% endset -%}
{%- set touched = touched(more=goods_changes) %}
{{ touched.plan }}
with interactions as (
    select * from {{ ref('gold_interactions') }}
    where {{ touched.days }} and weight > 0
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
    greatest(interactions.ingested_at, items.goods_changed_at) as ingested_at
from interactions
inner join {{ ref('silver_items') }} as items
    on interactions.tenant_id = items.tenant_id and interactions.item_id = items.item_id
where items.is_goods

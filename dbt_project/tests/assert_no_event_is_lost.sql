{#- The events of each day are all there in the next layer: distinct ids of bronze in silver, those about items in gold. -#}
with bronze as (
    select tenant_id, event_date, count(distinct event_id) as events
    from {{ ref('stg_bronze__events') }}
    where {{ checked() }}
    group by tenant_id, event_date
),

silver as (
    select
        tenant_id,
        event_date,
        count(*) as events,
        count(item_id) as about_items,
        count_if(item_id is not null and user_id is not null) as of_people
    from {{ ref('silver_events') }}
    where {{ checked() }}
    group by tenant_id, event_date
),

gold as (
    select
        tenant_id,
        event_date,
        sum(events) filter (where source = 'item_days') as about_items,
        sum(events) filter (where source = 'interactions') as of_people
    from (
        select tenant_id, event_date, ingested_at, events, 'item_days' as source from {{ ref('gold_item_days') }}
        union all
        select tenant_id, event_date, ingested_at, events, 'interactions' as source from {{ ref('gold_interactions') }}
    )
    where {{ checked() }}
    group by tenant_id, event_date
)

select bronze.*, silver.events as in_silver, gold.about_items, gold.of_people
from bronze
left join silver on bronze.tenant_id = silver.tenant_id and bronze.event_date = silver.event_date
left join gold on bronze.tenant_id = gold.tenant_id and bronze.event_date = gold.event_date
where bronze.events <> coalesce(silver.events, 0)
    or coalesce(silver.about_items, 0) <> coalesce(gold.about_items, 0)
    or coalesce(silver.of_people, 0) <> coalesce(gold.of_people, 0)

{#- Totals that were carried forward day by day are what adding up all days gives. -#}
{{ config(tags=['thorough']) }}

with days as (
    select tenant_id, item_id, sum(purchases) as purchases, sum(weight) as weight, max(event_date) as last_day
    from {{ ref('gold_item_days') }}
    where {{ tenant_filter() }}
    group by tenant_id, item_id
)

select days.*, popularity.purchases as kept_purchases, popularity.weight as kept_weight, popularity.as_of_date
from days
full outer join (select * from {{ ref('gold_popularity') }} where {{ tenant_filter() }}) as popularity
    on days.tenant_id = popularity.tenant_id and days.item_id = popularity.item_id
where days.purchases is distinct from popularity.purchases
    or abs(days.weight - popularity.weight) > 1e-6
    or days.last_day is distinct from popularity.as_of_date

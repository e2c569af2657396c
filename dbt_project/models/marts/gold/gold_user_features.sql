-- depends_on: {{ ref('silver_events') }}
{{ config(
    alias='user_features',
    clustered_by=['tenant_id', 'event_date'],
    unique_key=['tenant_id', 'user_id', 'event_date'],
) }}

{#- How much of a habit is left halves in 60 days; so many goods of a person's history are kept, the newest. -#}
{%- set half_life = 60 -%}
{%- set history_length = 500 -%}

{#- The history is of what was taken; see macros/taken.sql. -#}
{%- set changes = changed_meanings() -%}
{%- set touched = touched(keyed=true, more=changes) %}
{{ touched.plan }}
with
{%- if is_incremental() %}
first_changes as (
    select tenant_id, user_id, min(event_date) as first_day
    from (
        select tenant_id, user_id, event_date, ingested_at from {{ ref('silver_events') }} where user_id is not null
        union all
        select tenant_id, user_id, event_date, changed_at from ({{ changes }})
    )
    where {{ touched.news }}
    group by tenant_id, user_id
),
{%- endif %}

-- All that the touched people ever did: distinct orders and goods cannot be told from sums.
events as (
    select done.*
    from (select * from {{ ref('int_events__weighted') }} where {{ touched.known }}) as done
    {%- if is_incremental() %}
    left semi join first_changes on done.tenant_id = first_changes.tenant_id and done.user_id = first_changes.user_id
    {%- endif %}
    where done.user_id is not null
),

item_days as (
    select
        tenant_id,
        user_id,
        item_id,
        event_date,
        count_if(event_type = 'purchase') as purchases,
        sum(weight) as weight,
        sum(net_value) as value,
        max(event_time) as last_at,
        max(event_time) filter (where {{ takes() }}) as taken_at,
        max(event_time) filter (where weight > 0) as wanted_at,
        max(ingested_at) as ingested_at
    from events
    group by tenant_id, user_id, item_id, event_date
),

days as (
    select
        tenant_id,
        user_id,
        event_date,
        sum(purchases) as purchases,
        cast(coalesce(sum(value), 0) as double) as value,
        max(last_at) as last_at,
        max(ingested_at) as ingested_at
    from item_days
    group by tenant_id, user_id, event_date
),

new_orders as (
    select tenant_id, user_id, event_date, count(*) as orders
    from (
        select tenant_id, user_id, min(event_date) as event_date
        from events
        where event_type = 'purchase' and order_id is not null
        group by tenant_id, user_id, order_id
    )
    group by tenant_id, user_id, event_date
),

new_items as (
    select tenant_id, user_id, event_date, count(*) as items
    from (
        select tenant_id, user_id, min(event_date) as event_date
        from item_days
        where purchases > 0 and item_id is not null
        group by tenant_id, user_id, item_id
    )
    group by tenant_id, user_id, event_date
),

stated as (
    select
        said.tenant_id,
        said.user_id,
        said.event_date,
        max_by(said.attributes['country'], said.used_at)
            filter (where said.attributes['country'] is not null) as country
    from (select * from {{ ref('int_users__stated') }} where {{ touched.since }}) as said
    {%- if is_incremental() %}
    inner join first_changes
        on said.tenant_id = first_changes.tenant_id
            and said.user_id = first_changes.user_id
            and said.event_date >= first_changes.first_day
    {%- endif %}
    group by said.tenant_id, said.user_id, said.event_date
    {%- if is_incremental() %}
    union all
    -- What was known on the eve of the first change.
    select past.tenant_id, past.user_id, max(past.event_date), max_by(past.country, past.event_date)
    from {{ this }} as past
    inner join first_changes on past.tenant_id = first_changes.tenant_id and past.user_id = first_changes.user_id
    where past.event_date < first_changes.first_day
    group by past.tenant_id, past.user_id
    {%- endif %}
),

accumulated as (
    select
        days.tenant_id,
        days.user_id,
        days.event_date,
        days.last_at,
        sum(days.purchases) over up_to_here as purchases_total,
        coalesce(sum(new_orders.orders) over up_to_here, 0) as orders_total,
        sum(days.value) over up_to_here as value_total,
        coalesce(sum(new_items.items) over up_to_here, 0) as distinct_items,
        count(*) over up_to_here as days_active,
        last(stated.country, true) over up_to_here as country,
        max(days.ingested_at) over up_to_here as ingested_at
    from days
    left join new_orders
        on days.tenant_id = new_orders.tenant_id
            and days.user_id = new_orders.user_id
            and days.event_date = new_orders.event_date
    left join new_items
        on days.tenant_id = new_items.tenant_id
            and days.user_id = new_items.user_id
            and days.event_date = new_items.event_date
    left join stated
        on days.tenant_id = stated.tenant_id
            and days.user_id = stated.user_id
            and days.event_date = stated.event_date
    window up_to_here as (
        partition by days.tenant_id, days.user_id
        order by days.event_date rows between unbounded preceding and current row
    )
),

results as (
    select accumulated.*
    from accumulated
    {%- if is_incremental() %}
    inner join first_changes
        on accumulated.tenant_id = first_changes.tenant_id
            and accumulated.user_id = first_changes.user_id
            and accumulated.event_date >= first_changes.first_day
    {%- endif %}
),

takers as (
    {{ tenants_that_take() }}
),

-- What a person has of each item, from each day on which it changes until the day on which it changes again. The weight
-- grows towards the present, so that it need not be touched as days go by.
holdings as (
    select
        item_days.tenant_id,
        item_days.user_id,
        item_days.item_id,
        item_days.event_date as from_day,
        lead(item_days.event_date) over by_day as until_day,
        max({{ taken_at('item_days', 'takers') }}) over up_to_here as taken_at,
        sum(item_days.weight * {{ left_after('- unix_date(item_days.event_date)', half_life) }}) over up_to_here as weight
    from item_days
    inner join {{ ref('silver_items') }} as items
        on item_days.tenant_id = items.tenant_id and item_days.item_id = items.item_id
    left join takers on item_days.tenant_id = takers.tenant_id
    where items.is_goods
    window
        by_day as (partition by item_days.tenant_id, item_days.user_id, item_days.item_id order by item_days.event_date),
        up_to_here as (
            partition by item_days.tenant_id, item_days.user_id, item_days.item_id
            order by item_days.event_date rows between unbounded preceding and current row
        )
),

histories as (
    select
        results.tenant_id,
        results.user_id,
        results.event_date,
        slice(
            sort_array(collect_list(struct(holdings.taken_at, holdings.item_id, holdings.weight)), false),
            1, {{ history_length }}
        ) as history
    from results
    inner join holdings
        on results.tenant_id = holdings.tenant_id
            and results.user_id = holdings.user_id
            and results.event_date >= holdings.from_day
            and results.event_date < coalesce(holdings.until_day, date'9999-12-31')  -- noqa: LT01
    where holdings.taken_at is not null
    group by results.tenant_id, results.user_id, results.event_date
)

select
    results.tenant_id,
    results.user_id,
    results.event_date,
    results.last_at + interval 1 second as event_timestamp,
    results.ingested_at as created_timestamp,
    results.purchases_total,
    results.orders_total,
    results.value_total,
    results.distinct_items,
    results.days_active,
    results.country,
    coalesce(histories.history.item_id, cast(array() as array<string>)) as history_items,
    coalesce(
        transform(
            histories.history,
            held -> held.weight * {{ left_after('unix_date(results.event_date)', half_life) }}
        ),
        cast(array() as array<double>)
    ) as history_weights,
    results.ingested_at
from results
left join histories
    on results.tenant_id = histories.tenant_id
        and results.user_id = histories.user_id
        and results.event_date = histories.event_date

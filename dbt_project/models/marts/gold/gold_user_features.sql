-- depends_on: {{ ref('silver_events') }}
{{ config(
    alias='user_features',
    clustered_by=['tenant_id', 'event_date'],
    deletion_vectors=true,
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
        {%- if touched.changed %}
        union all
        select tenant_id, user_id, event_date, changed_at from ({{ changes }})
        {%- endif %}
    )
    where {{ touched.news }}
    group by tenant_id, user_id
),
{%- endif %}

-- All that the touched people ever did: distinct orders and goods cannot be told from sums. `starts_order` is the
-- purchase with which an order begins.
events as (
    select
        done.*,
        {{ 'first_changes.first_day' if is_incremental() else 'done.event_date' }} as first_day,
        done.event_type = 'purchase'
        and done.order_id is not null
        and row_number() over (
            partition by done.tenant_id, done.user_id, done.event_type, done.order_id order by done.event_date
        ) = 1 as starts_order
    from (select * from {{ ref('int_events__weighted') }} where {{ touched.known }}) as done
    {%- if is_incremental() %}
    inner join first_changes on done.tenant_id = first_changes.tenant_id and done.user_id = first_changes.user_id
    {%- endif %}
    where done.user_id is not null
),

item_days as (
    select
        tenant_id,
        user_id,
        item_id,
        event_date,
        min(first_day) as first_day,
        count_if(starts_order) as orders,
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
        min(first_day) as first_day,
        sum(orders) as orders,
        count_if(purchases > 0 and item_id is not null and nth_day_of_purchase = 1) as new_items,
        sum(purchases) as purchases,
        cast(coalesce(sum(value), 0) as double) as value,
        max(last_at) as last_at,
        max(ingested_at) as ingested_at
    from (
        select
            *,
            row_number() over (
                partition by tenant_id, user_id, item_id, purchases > 0 order by event_date
            ) as nth_day_of_purchase
        from item_days
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
        days.first_day,
        days.last_at,
        sum(days.purchases) over up_to_here as purchases_total,
        sum(days.orders) over up_to_here as orders_total,
        sum(days.value) over up_to_here as value_total,
        sum(days.new_items) over up_to_here as distinct_items,
        count(*) over up_to_here as days_active,
        last(stated.country, true) over up_to_here as country,
        max(days.ingested_at) over up_to_here as ingested_at
    from days
    left join stated
        on days.tenant_id = stated.tenant_id
            and days.user_id = stated.user_id
            and days.event_date = stated.event_date
    window up_to_here as (
        partition by days.tenant_id, days.user_id
        order by days.event_date rows between unbounded preceding and current row
    )
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
        min({{ taken_at('item_days', 'takers') }}) over up_to_here as first_taken_at,
        count({{ taken_at('item_days', 'takers') }}) over up_to_here as days_taken,
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

results as (
    select
        accumulated.tenant_id,
        accumulated.user_id,
        accumulated.event_date,
        any_value(struct(accumulated.*)) as state,
        slice(
            sort_array(
                collect_list(
                    struct(
                        holdings.taken_at, holdings.item_id, holdings.weight, holdings.days_taken, holdings.first_taken_at
                    )
                ) filter (where holdings.taken_at is not null),
                false
            ),
            1, {{ history_length }}
        ) as history
    from accumulated
    left join holdings
        on accumulated.tenant_id = holdings.tenant_id
            and accumulated.user_id = holdings.user_id
            and accumulated.event_date >= holdings.from_day
            and accumulated.event_date < coalesce(holdings.until_day, date'9999-12-31')  -- noqa: LT01
    where accumulated.event_date >= accumulated.first_day
    group by accumulated.tenant_id, accumulated.user_id, accumulated.event_date
)

select
    tenant_id,
    user_id,
    event_date,
    state.last_at + interval 1 second as event_timestamp,
    state.ingested_at as created_timestamp,
    state.purchases_total,
    state.orders_total,
    state.value_total,
    state.distinct_items,
    state.days_active,
    state.country,
    history.item_id as history_items,
    transform(
        history,
        held -> held.weight * {{ left_after('unix_date(event_date)', half_life) }}
    ) as history_weights,
    history.days_taken as history_days,
    transform(history, held -> cast(unix_date(cast(held.first_taken_at as date)) as bigint)) as history_first_days,
    transform(history, held -> cast(unix_date(cast(held.taken_at as date)) as bigint)) as history_last_days,
    state.ingested_at
from results

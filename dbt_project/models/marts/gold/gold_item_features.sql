{{ config(
    alias='item_features',
    clustered_by=['tenant_id', 'event_date'],
    deletion_vectors=true,
    unique_key=['tenant_id', 'item_id', 'event_date'],
) }}

{#- Popularity halves in 7 days (docs/adr/0006). -#}
{%- set half_life = 7 -%}
{%- set period = 900 * half_life -%}
{%- set touched = touched(keyed=true) %}
{{ touched.plan }}
with
{%- if is_incremental() %}
first_changes as (
    select tenant_id, item_id, min(event_date) as first_day
    from {{ ref('gold_item_days') }}
    where {{ touched.news }}
    group by tenant_id, item_id
),

-- An item's last row before its first change holds all that its past adds to the rows to come.
pasts as (
    select
        past.tenant_id,
        past.item_id,
        max_by(struct(past.*), past.event_date) as state
    from {{ this }} as past
    inner join first_changes on past.tenant_id = first_changes.tenant_id and past.item_id = first_changes.item_id
    where past.event_date < first_changes.first_day
    group by past.tenant_id, past.item_id
),
{%- endif %}

stated as (
    select
        tenant_id,
        item_id,
        event_date,
        max_by(title, used_at) filter (where title is not null) as title,
        max_by(is_goods, used_at) filter (where is_goods is not null) as is_goods,
        max_by(price, used_at) filter (where price is not null) as price,
        max(last_seen) as last_at
    from {{ ref('int_items__stated') }}
    where {{ touched.since }}
    group by tenant_id, item_id, event_date
),

days as (
    select
        done.tenant_id,
        done.item_id,
        done.event_date,
        stated.last_at,
        stated.title,
        stated.is_goods,
        stated.price,
        done.purchases,
        done.weight,
        done.weight as decaying_weight,
        done.ingested_at,
        true as is_result
    from (select * from {{ ref('gold_item_days') }} where {{ touched.since }}) as done
    inner join stated
        on done.tenant_id = stated.tenant_id and done.item_id = stated.item_id and done.event_date = stated.event_date
    {%- if is_incremental() %}
    inner join first_changes
        on done.tenant_id = first_changes.tenant_id
            and done.item_id = first_changes.item_id
            and done.event_date >= first_changes.first_day
    union all
    select
        tenant_id,
        item_id,
        state.event_date,
        cast(null as timestamp) as last_at,
        state.title,
        state.is_goods,
        state.price,
        state.purchases_total as purchases,
        state.weight_total as weight,
        state.decayed_weight as decaying_weight,
        state.ingested_at,
        false as is_result
    from pasts
    {%- endif %}
),

-- A running sum needs one moment to which all weights are aged, and no double spans all time by half-lives. So time is
-- cut into periods, and a weight grows from the start of its period to its day.
placed as (
    select
        *,
        cast(floor(unix_date(event_date) / {{ period }}) as int) as period,
        pmod(unix_date(event_date), {{ period }}) as day_of_period
    from days
),

accumulated as (
    select
        tenant_id,
        item_id,
        event_date,
        last_at,
        last(title, true) over up_to_here as title,
        coalesce(last(is_goods, true) over up_to_here, true) as is_goods,
        last(price, true) over up_to_here as price,
        sum(purchases) over up_to_here as purchases_total,
        sum(weight) over up_to_here as weight_total,
        -- What is left of the period before last could not be told from nothing.
        (
            sum(decaying_weight * {{ left_after('- day_of_period', half_life) }}) over in_period
            + coalesce(sum(decaying_weight * {{ left_after(period ~ ' - day_of_period', half_life) }}) over period_before, 0)
        ) * {{ left_after('day_of_period', half_life) }} as decayed_weight,
        max(ingested_at) over up_to_here as ingested_at,
        is_result
    from placed
    window
        up_to_here as (
            partition by tenant_id, item_id
            order by period, event_date rows between unbounded preceding and current row
        ),
        in_period as (
            partition by tenant_id, item_id, period
            order by event_date rows between unbounded preceding and current row
        ),
        period_before as (
            partition by tenant_id, item_id
            order by period range between 1 preceding and 1 preceding
        )
),

-- After 500 half-lives nothing is left. Without this end a remainder would depend on the days in between.
faded as (
    select
        *,
        case when decayed_weight < {{ left_after(500 * half_life, half_life) }} then 0 else decayed_weight end as weight_left
    from accumulated
)

select
    tenant_id,
    item_id,
    event_date,
    last_at + interval 1 second as event_timestamp,
    ingested_at as created_timestamp,
    title,
    is_goods,
    price,
    purchases_total,
    weight_total,
    weight_left as decayed_weight,
    log2(weight_left) + unix_date(event_date) / {{ half_life }}D as trend_score,
    ingested_at
from faded
where is_result

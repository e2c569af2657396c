{{ config(
    alias='experiment_outcomes',
    clustered_by=['tenant_id'],
    unique_key=['tenant_id', 'experiment_id', 'variant'],
) }}

{%- set filled = is_filled('recommendations') %}
{{ whole(filled) }}
{%- if not filled %}
{{ no_rows() }}
{%- else %}
with answers as (
    select * from {{ ref('stg_bronze__recommendations') }}
    where experiment_id is not null and user_id is not null and {{ tenant_filter() }}
),

events as (
    select
        happened.*,
        case when happened.event_type = 'purchase' then greatest(coalesce(happened.value, 0), 0) else 0 end as worth
    from (select * from {{ ref('silver_events') }} where {{ tenant_filter() }}) as happened
    inner join {{ ref('event_weights') }} as weights on happened.event_type = weights.event_type
    where
        weights.weight > 0
        and happened.event_date >= (select min(cast(first_answer.served_at as date)) from answers as first_answer)
),

named as (
    select
        answers.tenant_id,
        answers.recommendation_id,
        events.event_id,
        events.event_type,
        events.worth,
        events.ingested_at
    from answers
    inner join events
        on answers.tenant_id = events.tenant_id and answers.recommendation_id = events.recommendation_id
),

shown as (
    select
        tenant_id,
        recommendation_id,
        user_id,
        served_at,
        explode(item_ids) as item_id
    from answers
),

inferred as (
    select
        events.tenant_id,
        max_by(shown.recommendation_id, struct(shown.served_at, shown.recommendation_id)) as recommendation_id,
        events.event_id,
        any_value(events.event_type) as event_type,
        any_value(events.worth) as worth,
        any_value(events.ingested_at) as ingested_at
    from events
    inner join shown
        on
            events.tenant_id = shown.tenant_id
            and events.user_id = shown.user_id
            and events.item_id = shown.item_id
            and events.event_time >= shown.served_at
            and events.event_time < shown.served_at + {{ attribution_window() }}
    where events.recommendation_id is null
    group by events.tenant_id, events.event_id
),

led_to as (
    select
        tenant_id,
        recommendation_id,
        true as clicked,
        max(event_type = 'purchase') as bought,
        sum(worth) as revenue,
        max(ingested_at) as ingested_at
    from (
        select * from named
        union all
        select * from inferred
    )
    group by tenant_id, recommendation_id
),

people as (
    select
        answers.tenant_id,
        answers.experiment_id,
        answers.variant,
        answers.user_id,
        count(*) as exposures,
        count_if(led_to.clicked) as clicks,
        count_if(led_to.bought) as conversions,
        cast(coalesce(sum(led_to.revenue), 0) as double) as revenue,
        count_if({{ fell_short() }}) as failures,
        count_if(answers.milliseconds >= {{ slow_from() }}) as slow,
        min(answers.served_at) as first_served_at,
        max(answers.served_at) as last_served_at,
        greatest(max(answers.served_at), max(led_to.ingested_at)) as ingested_at
    from answers
    left join led_to
        on answers.tenant_id = led_to.tenant_id and answers.recommendation_id = led_to.recommendation_id
    group by answers.tenant_id, answers.experiment_id, answers.variant, answers.user_id
)

select
    tenant_id,
    experiment_id,
    variant,
    count(*) as users,
    sum(exposures) as exposures,
    cast(sum(exposures * exposures) as double) as exposures_squared,
    sum(clicks) as clicks,
    cast(sum(clicks * clicks) as double) as clicks_squared,
    count_if(clicks > 0) as clicks_people,
    cast(sum(clicks * exposures) as double) as clicks_by_exposures,
    sum(conversions) as conversions,
    cast(sum(conversions * conversions) as double) as conversions_squared,
    count_if(conversions > 0) as conversions_people,
    sum(revenue) as revenue,
    sum(revenue * revenue) as revenue_squared,
    count_if(revenue > 0) as revenue_people,
    sum(failures) as failures,
    cast(sum(failures * failures) as double) as failures_squared,
    count_if(failures > 0) as failures_people,
    sum(slow) as slow,
    cast(sum(slow * slow) as double) as slow_squared,
    count_if(slow > 0) as slow_people,
    min(first_served_at) as first_served_at,
    max(last_served_at) as last_served_at,
    max(ingested_at) as ingested_at
from people
group by tenant_id, experiment_id, variant
{%- endif %}

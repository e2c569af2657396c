{{ config(alias='users', clustered_by=['tenant_id'], unique_key=['tenant_id', 'user_id']) }}

{%- set touched = touched(keyed=true, dated=false) %}
{%- set stored = [
    'tenant_id', 'user_id', 'cast(last_seen as date) as event_date', "struct(last_seen, '') as used_at", 'attributes',
    'first_seen', 'last_seen', 'ingested_at',
] %}
{{ touched.plan }}
with statements as (
    {{ statements_to_fold(ref('int_users__stated'), 'user_id', touched, stored) }}
),

described as (
    select
        tenant_id,
        user_id,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen,
        max(ingested_at) as ingested_at
    from statements
    group by tenant_id, user_id
),

attributes as (
    {{ latest_attributes('user_id') }}
)

select
    described.tenant_id,
    described.user_id,
    coalesce(attributes.attributes, cast(map() as map<string, string>)) as attributes,  -- noqa: LT01
    described.first_seen,
    described.last_seen,
    described.ingested_at
from described
left join attributes on described.tenant_id = attributes.tenant_id and described.user_id = attributes.user_id

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
    {{ fold_statements('user_id', {
        'first_seen': 'min(first_seen)',
        'last_seen': 'max(last_seen)',
        'ingested_at': 'max(ingested_at)',
    }) }}
)

select
    tenant_id,
    user_id,
    attributes,
    first_seen,
    last_seen,
    ingested_at
from described

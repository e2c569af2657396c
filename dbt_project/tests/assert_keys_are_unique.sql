{#- No table has two rows with the same key: all tables in one query. -#}
{%- set tables = [
    ref('silver_events'), ref('silver_items'), ref('silver_users'), ref('gold_interactions'), ref('gold_item_days'),
    ref('gold_training_set'), ref('gold_item_features'), ref('gold_user_features'), ref('gold_popularity'),
] -%}
{%- set keys = keys_by_relation() -%}

{%- for table in tables %}
{%- set key = keys.get(table.render(), ['tenant_id']) %}
select '{{ table }}' as repeated_in, concat_ws(' ', {{ key | join(', ') }}) as repeated_key
from {{ table }}
where {{ checked(dated='event_date' in key or table.identifier == 'events') }}
group by {{ key | join(', ') }}
having count(*) > 1
{% if not loop.last %}union all{% endif %}
{%- endfor %}

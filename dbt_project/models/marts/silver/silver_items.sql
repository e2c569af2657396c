{{ config(alias='items', clustered_by=['tenant_id'], unique_key=['tenant_id', 'item_id']) }}

{%- set touched = touched(keyed=true, dated=false) %}
{%- set stored = [
    'tenant_id', 'item_id', 'cast(last_seen as date) as event_date', "struct(last_seen, '') as used_at", 'title', 'is_goods',
    'price', 'attributes', 'first_seen', 'last_seen', 'ingested_at',
] %}
{{ touched.plan }}
with statements as (
    {{ statements_to_fold(ref('int_items__stated'), 'item_id', touched, stored) }}
),

described as (
    {{ fold_statements('item_id', {
        'title': 'max_by(title, used_at) filter (where title is not null)',
        'is_goods': 'coalesce(max_by(is_goods, used_at) filter (where is_goods is not null), true)',
        'price': 'max_by(price, used_at) filter (where price is not null)',
        'first_seen': 'min(first_seen)',
        'last_seen': 'max(last_seen)',
        'ingested_at': 'max(ingested_at)',
    }) }}
)

select
    described.tenant_id,
    described.item_id,
    described.title,
    described.is_goods,
    {%- if is_incremental() %}
    case
        when past.is_goods <> described.is_goods then described.ingested_at
        else past.goods_changed_at
    end as goods_changed_at,
    {%- else %}
    cast(null as timestamp) as goods_changed_at,
    {%- endif %}
    described.price,
    described.attributes,
    described.first_seen,
    described.last_seen,
    described.ingested_at
from described
{%- if is_incremental() %}
left join {{ this }} as past on described.tenant_id = past.tenant_id and described.item_id = past.item_id
{%- endif %}

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
    select
        tenant_id,
        item_id,
        max_by(title, used_at) filter (where title is not null) as title,
        coalesce(max_by(is_goods, used_at) filter (where is_goods is not null), true) as is_goods,
        max_by(price, used_at) filter (where price is not null) as price,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen,
        max(ingested_at) as ingested_at
    from statements
    group by tenant_id, item_id
),

attributes as (
    {{ latest_attributes('item_id') }}
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
    coalesce(attributes.attributes, cast(map() as map<string, string>)) as attributes,  -- noqa: LT01
    described.first_seen,
    described.last_seen,
    described.ingested_at
from described
left join attributes on described.tenant_id = attributes.tenant_id and described.item_id = attributes.item_id
{%- if is_incremental() %}
left join {{ this }} as past on described.tenant_id = past.tenant_id and described.item_id = past.item_id
{%- endif %}

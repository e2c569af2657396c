{#-
    What a person has taken of the goods, said in this one place. It is their history: what `include_seen: false` keeps from
    them, what they may want again, and what a model is asked to foresee (docs/adr/0013).

    Buying takes an item, and so does rating it: who rates a thing has had it. Where no person of a tenant ever did
    either, all that is evidence takes: on a site where people only look, what they looked at is what they have had.
-#}

{#- Of one event, with a type and a weight: whether it takes its item wherever people take. -#}
{% macro takes() -%}
    event_type in ('purchase', 'rating') and weight > 0
{%- endmacro %}


{#- Tenants where people take, and the ingest since which they do. -#}
{% macro tenants_that_take() -%}
    select tenant_id, min(ingested_at) as since
    from {{ ref('gold_interactions') }}
    where taken_at is not null and {{ tenant_filter() }}
    group by tenant_id
{%- endmacro %}


{#- When a row with taken_at and wanted_at says that its item was taken, beside a left join of `tenants_that_take`. -#}
{% macro taken_at(row, takers) -%}
    case when {{ takers }}.tenant_id is null then {{ row }}.wanted_at else {{ row }}.taken_at end
{%- endmacro %}


{#-
    Interactions that mean something else than before, for `touched(more=…)`: (tenant_id, user_id, event_date, changed_at).
    An item became goods or ceased to be; or the first person of a tenant took something, and looking no longer counts.
-#}
{% macro changed_meanings() -%}
    select met.tenant_id, met.user_id, met.event_date, items.goods_changed_at as changed_at
    from {{ ref('gold_interactions') }} as met
    inner join {{ ref('silver_items') }} as items on met.tenant_id = items.tenant_id and met.item_id = items.item_id
    where items.goods_changed_at is not null
    union all
    select met.tenant_id, met.user_id, met.event_date, takers.since as changed_at
    from {{ ref('gold_interactions') }} as met
    inner join ({{ tenants_that_take() }}) as takers on met.tenant_id = takers.tenant_id
{%- endmacro %}

{#-
    The statements from which an entity's current state is folded, as the body of a CTE. In a full run: all of them. In an
    incremental one: where all that is new came after what is stored, the stored row stands for the past as one old
    statement, so the past is not read; the few entities with late rows are folded from all their statements.

    `statements` is a relation with tenant_id, the key, used_at (event_time, event_id), first_seen, last_seen and ingested_at.
    `stored` selects the same columns from the model's own row.
-#}
{% macro statements_to_fold(statements, key, touched, stored) %}
    {%- if not is_incremental() %}
    select * from {{ statements }} where {{ touched.news }}
    {%- else %}
    with fresh as (
        select * from {{ statements }} where {{ touched.news }}
    ),

    first_news as (
        select tenant_id, {{ key }}, min(first_seen) as first_seen
        from fresh
        group by tenant_id, {{ key }}
    ),

    known as (
        select past.*, past.last_seen >= first_news.first_seen as is_late
        from {{ this }} as past
        inner join first_news on past.tenant_id = first_news.tenant_id and past.{{ key }} = first_news.{{ key }}
    ),

    late as (
        select tenant_id, {{ key }} from known where is_late
    )

    select fresh.* from fresh
    left anti join late on fresh.tenant_id = late.tenant_id and fresh.{{ key }} = late.{{ key }}
    union all
    select past.* from (select * from {{ statements }} where {{ touched.known }}) as past
    left semi join late on past.tenant_id = late.tenant_id and past.{{ key }} = late.{{ key }}
    union all
    select {{ stored | join(', ') }} from known where not is_late
    {%- endif %}
{% endmacro %}


{#- Each attribute's latest value, as one map an entity; the body of a CTE over `statements`. -#}
{% macro latest_attributes(key) %}
    select
        tenant_id,
        {{ key }},
        map_from_entries(array_sort(collect_list(struct(attribute, stated)))) as attributes
    from (
        select tenant_id, {{ key }}, attribute, max_by(stated, used_at) as stated
        from statements
        lateral view explode(attributes) as attribute, stated
        group by tenant_id, {{ key }}, attribute
    )
    group by tenant_id, {{ key }}
{% endmacro %}

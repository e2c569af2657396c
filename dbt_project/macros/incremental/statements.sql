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

    known as (
        select past.*, past.last_seen >= first_news.first_seen as is_late
        from {{ this }} as past
        inner join (
            select tenant_id, {{ key }}, min(first_seen) as first_seen
            from fresh
            group by tenant_id, {{ key }}
        ) as first_news
            on past.tenant_id = first_news.tenant_id and past.{{ key }} = first_news.{{ key }}
    )

    select * from fresh
    union all
    select past.*
    from (select * from {{ statements }} where {{ touched.known }} and not {{ touched.news }}) as past
    left semi join known on past.tenant_id = known.tenant_id and past.{{ key }} = known.{{ key }} and known.is_late
    union all
    select {{ stored | join(', ') }} from known where not is_late
    {%- endif %}
{% endmacro %}


{#-
    The current state of each entity as the body of a CTE over `statements`: tenant_id, the key, what `described` says
    (expressions by name over statements), and each attribute's latest value as the map `attributes`.

    Statements are read once: each counts under no attribute, for what is described, and under each of its own.
-#}
{% macro fold_statements(key, described) %}
    select
        tenant_id,
        {{ key }},
        {%- for name in described %}
        any_value({{ name }}) filter (where attribute is null) as {{ name }},
        {%- endfor %}
        map_from_entries(
            array_sort(collect_list(struct(attribute, stated)) filter (where attribute is not null))
        ) as attributes
    from (
        select
            tenant_id,
            {{ key }},
            attribute,
            {%- for name, expression in described.items() %}
            {{ expression }} as {{ name }},
            {%- endfor %}
            max_by(stated, used_at) as stated
        from (
            select
                *,
                inline(concat(
                    array(named_struct('attribute', cast(null as string), 'stated', cast(null as string))),
                    coalesce(transform(map_entries(attributes), e -> named_struct('attribute', e.key, 'stated', e.value)), array())
                ))
            from statements
        )
        group by tenant_id, {{ key }}, attribute
    )
    group by tenant_id, {{ key }}
{% endmacro %}

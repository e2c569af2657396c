{#-
    What a run has to recompute, found by the model's own watermark (docs/adr/0005).

    `changes` is a relation, or a query in parentheses, with tenant_id, event_date and ingested_at. Its rows above the
    tenant's maximum of ingested_at in the model itself name the days that changed. Returns SQL predicates:

        news    the changed rows themselves               (columns tenant_id, ingested_at)
        days    the tenants' days that changed            (columns tenant_id, event_date)
        since   the tenants' days from the first one on   (columns tenant_id, event_date)
        plan    a comment that every model puts above its query: what the query's rows take the place of. The
                materialization obeys it, and refuses a model without it.

    `keyed` says that the query's rows replace those with the same unique_key, not whole days; `dated` that the model has
    an event_date by which the search for those rows can be narrowed.
-#}
{% macro touched(changes, keyed=false, dated=true) -%}
    {%- set asked = tenant_filter() -%}
    {%- if not execute or not is_incremental() -%}
        {{ return({'news': asked, 'days': asked, 'since': asked, 'plan': plan('everything', asked)}) }}
    {%- endif -%}

    {%- set found = run_query(touched_query(changes, asked)) -%}
    {%- if found.rows | length == 0 -%}
        {{ return({'news': 'false', 'days': 'false', 'since': 'false', 'plan': plan('nothing', 'false')}) }}
    {%- endif -%}

    {%- set news, days, since, kept = [], [], [], [] -%}
    {%- for row in found.rows -%}
        {%- set tenant = "tenant_id = '" ~ row['tenant_id'] ~ "'" -%}
        {%- if row['watermark'] is none -%}
            {%- do news.append(tenant) -%}
            {%- do days.append(tenant) -%}
            {%- do since.append(tenant) -%}
            {%- do kept.append('kept.' ~ tenant) -%}
        {%- else -%}
            {%- set from_first = "event_date >= date'" ~ row['first_day'] ~ "'" -%}
            {%- do news.append("(" ~ tenant ~ " and ingested_at > timestamp'" ~ row['watermark'] ~ "')") -%}
            {%- do days.append("(" ~ tenant ~ " and event_date in (" ~ row['days'] ~ "))") -%}
            {%- do since.append("(" ~ tenant ~ " and " ~ from_first ~ ")") -%}
            {%- do kept.append("(kept." ~ tenant ~ (" and kept." ~ from_first if dated else "") ~ ")") -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({
        'news': "(" ~ news | join(' or ') ~ ")",
        'days': "(" ~ days | join(' or ') ~ ")",
        'since': "(" ~ since | join(' or ') ~ ")",
        'plan': plan('merge', "(" ~ kept | join(' or ') ~ ")") if keyed else plan('replace', days | join(' or ')),
    }) }}
{%- endmacro %}


{% macro touched_query(changes, asked) %}
    with watermarks as (
        select tenant_id, max(ingested_at) as watermark
        from {{ this }}
        where {{ asked }}
        group by tenant_id
    ),

    changed as (
        select changes.tenant_id, watermarks.watermark, changes.event_date
        from {{ changes }} as changes
        left join watermarks on changes.tenant_id = watermarks.tenant_id
        where {{ asked | replace('tenant_id', 'changes.tenant_id') }}
            and (watermarks.watermark is null or changes.ingested_at > watermarks.watermark)
    )

    select
        tenant_id,
        cast(max(watermark) as string) as watermark,
        cast(min(event_date) as string) as first_day,
        array_join(sort_array(collect_set(concat("date'", event_date, "'"))), ', ') as days
    from changed
    group by tenant_id
{% endmacro %}


{#- The one tenant that the run is for, if it is for one. -#}
{% macro tenant_filter() -%}
    {%- set tenant = env_var('RECOLAKE_TENANT', '') if execute else '' -%}
    {{ return("tenant_id = '" ~ tenant ~ "'" if tenant else 'true') }}
{%- endmacro %}


{% macro plan(action, range) -%}
    {{ return('-- plan: ' ~ action ~ ': ' ~ range) }}
{%- endmacro %}

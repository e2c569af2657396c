{#-
    What bronze.events has that the models do not: found once, when a run starts, and kept as the session's temporary view
    `recolake_news`, one row per model and tenant that has something to do
    (docs/adr/0005), and for the tests one per tenant under the model 'any'.

        watermark   latest ingest that the model's own rows know; NULL where it knows nothing of the tenant
        high        latest ingest that this run may read; what arrives while it runs is left to the next one
        days        days of the events above the watermark, as SQL literals

    Two queries for all models cost a tenth of two queries for each of them.
-#}
{% macro find_news() %}
    {%- if not execute or flags.WHICH not in ('run', 'build') or flags.FULL_REFRESH -%}
        {{ return('') }}
    {%- endif -%}

    {%- set built = built_models() -%}
    {%- set watermarks = {} -%}
    {%- if built -%}
        {%- for row in run_query(watermarks_query(built)).rows -%}
            {%- do watermarks.setdefault(row['tenant_id'], {}).update({row['model']: row['watermark']}) -%}
        {%- endfor -%}
    {%- endif -%}

    {%- set news = [] -%}
    {%- if built -%}
        {%- set uploads = {} -%}
        {%- for row in run_query(uploads_query(built, watermarks)).rows -%}
            {%- do uploads.setdefault(row['tenant_id'], []).append(row) -%}
        {%- endfor -%}
        {%- for tenant, rows in uploads.items() -%}
            {%- set known = watermarks.get(tenant, {}) -%}
            {%- for model in built -%}
                {%- do news.extend(news_of(model, tenant, rows, known.get(model))) -%}
            {%- endfor -%}
            {%- set oldest = known.values() | min if known | length == built | length else none -%}
            {%- do news.extend(news_of('any', tenant, rows, oldest)) -%}
        {%- endfor -%}
    {%- endif -%}

    {%- call statement('news') -%}
        create or replace temporary view recolake_news as
        select * from values
            {%- for row in news %}
            ('{{ row.model }}', '{{ row.tenant }}',
            {{- " cast(null as string)" if row.watermark is none else " '" ~ row.watermark ~ "'" }},
            {{- " '" ~ row.high ~ "', \"" ~ row.days ~ "\", '" ~ row.first_day ~ "')," }}
            {%- endfor %}
            ('', '', '', '', '', '')
            as news (model, tenant_id, watermark, high, days, first_day)
    {%- endcall -%}
{% endmacro %}


{#- Names and relations of the incremental models that exist. -#}
{% macro built_models() %}
    {%- set found = {} -%}
    {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') -%}
        {%- if node.config.materialized == 'incremental' -%}
            {%- set relation = adapter.get_relation(database=none, schema=node.schema, identifier=node.alias) -%}
            {%- if relation is not none -%}
                {%- do found.update({node.name: relation}) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{% macro watermarks_query(models) %}
    {%- for name, relation in models.items() %}
    select '{{ name }}' as model, tenant_id, cast(max(ingested_at) as string) as watermark
    from {{ relation }}
    where {{ tenant_filter() }}
    group by tenant_id
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
{% endmacro %}


{#- Uploads that some model does not know, with their days; a tenant that some model never met comes with all of them. -#}
{% macro uploads_query(models, watermarks) %}
    select
        tenant_id,
        cast(ingested_at as string) as ingested_at,
        array_join(sort_array(collect_set(concat("date'", event_date, "'"))), ', ') as days,
        cast(min(event_date) as string) as first_day
    from {{ source('bronze', 'events') }}
    where {{ tenant_filter() }}
        and case tenant_id
            {%- for tenant, known in watermarks.items() if known | length == models | length %}
            when '{{ tenant }}' then ingested_at > timestamp'{{ known.values() | min }}'
            {%- endfor %}
            else true
        end
    group by tenant_id, ingested_at
{% endmacro %}


{% macro news_of(model, tenant, uploads, watermark) %}
    {%- set days, times, first_days = [], [], [] -%}
    {%- for upload in uploads if watermark is none or upload['ingested_at'] > watermark -%}
        {%- do days.extend(upload['days'].split(', ')) -%}
        {%- do times.append(upload['ingested_at']) -%}
        {%- do first_days.append(upload['first_day']) -%}
    {%- endfor -%}
    {%- if not times -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return([{
        'model': model,
        'tenant': tenant,
        'watermark': watermark,
        'high': times | max,
        'days': days | unique | sort | join(', '),
        'first_day': first_days | min,
    }]) }}
{% endmacro %}

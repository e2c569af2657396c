{#-
    What is new to a model, or under the name 'checks' to the tests: one entry for each tenant with something to do, as
    `recolake build` found it before it started dbt (recolake/transform/news.py, docs/adr/0005).

        tenant      whose rows
        watermark   the ingest up to which all is taken in, in microseconds since 1970; none where nothing is
        high        the latest ingest that this run may read; what arrives while it runs is left to the next one
        days        days of the events in between, as YYYY-MM-DD
-#}
{% macro news_of(name) %}
    {%- set handed = env_var('RECOLAKE_NEWS', '') -%}
    {%- if not handed -%}
        {{ exceptions.raise_compiler_error("Only `recolake build` knows what is new: run that; its --select takes dbt's selectors.") }}
    {%- endif -%}
    {{ return(fromjson(handed).get(name, [])) }}
{% endmacro %}


{#- Whether rows are read or written now: not when a project is parsed or documented, nor on the rows of a unit test. -#}
{% macro in_build() %}
    {{ return(execute and flags.WHICH in ('run', 'build') and model.resource_type != 'unit_test') }}
{% endmacro %}


{#-
    An entry as predicates over a relation with tenant_id, event_date and ingested_at (see `touched`), and those for the
    rows that a query's rows replace: `replaced` of whole days, `kept` of a merge by key.
-#}
{% macro predicates_of(entry, dated=true, more_days=()) %}
    {%- set tenant = "tenant_id = '" ~ entry.tenant ~ "'" -%}
    {%- set known = tenant ~ ' and ingested_at <= timestamp_micros(' ~ entry.high ~ ')' -%}
    {%- if entry.watermark is none -%}
        {{ return({'news': known, 'days': known, 'since': known, 'known': known, 'replaced': tenant, 'kept': 'kept.' ~ tenant}) }}
    {%- endif -%}

    {%- set days = (entry.days + more_days | list) | unique | sort -%}
    {%- set in_days = "event_date in (date'" ~ days | join("', date'") ~ "')" if days else 'false' -%}
    {%- set from_first = "event_date >= date'" ~ days[0] ~ "'" if days else 'false' -%}
    {{ return({
        'news': known ~ ' and ingested_at > timestamp_micros(' ~ entry.watermark ~ ')',
        'days': known ~ ' and ' ~ in_days,
        'since': known ~ ' and ' ~ from_first,
        'known': known,
        'replaced': tenant ~ ' and ' ~ in_days,
        'kept': 'kept.' ~ tenant ~ (' and kept.' ~ from_first if dated and days else ''),
    }) }}
{% endmacro %}


{#- True where one of the predicates is. -#}
{% macro any_of(predicates) %}
    {{ return('((' ~ predicates | join(') or (') ~ '))' if predicates else 'false') }}
{% endmacro %}


{#- The one tenant that the run is for, if it is for one. A unit test brings its own tenants. -#}
{% macro tenant_filter() %}
    {%- set tenant = env_var('RECOLAKE_TENANT', '') if execute and model.resource_type != 'unit_test' else '' -%}
    {{ return("tenant_id = '" ~ tenant ~ "'" if tenant else 'true') }}
{% endmacro %}


{#-
    Whether a bronze table has any row for builds, as `recolake build` found it. Most shops never decide about an upload, never
    state anything over the API, or have no experiment: a table without rows would be listed and planned again by every query that reads it.
-#}
{% macro is_filled(table) %}
    {{ return(not in_build() or table in fromjson(env_var('RECOLAKE_FILLED'))) }}
{% endmacro %}

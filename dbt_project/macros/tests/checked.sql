{#-
    Which rows the tests of this run look at, as a predicate. In `dbt build`: the days that the run touched (of a table
    without days: the rows that are new), of the tenant that it is for. In `dbt test` and after a full refresh: all.
-#}
{% macro checked(dated=true) -%}
    {%- if not execute or flags.WHICH != 'build' or flags.FULL_REFRESH -%}
        {{ return(tenant_filter()) }}
    {%- endif -%}
    {%- set ranges = [] -%}
    {%- for row in run_query("select * from recolake_news where model = 'any'").rows -%}
        {%- set tenant = "tenant_id = '" ~ row['tenant_id'] ~ "'" -%}
        {%- if row['watermark'] is none -%}
            {%- do ranges.append(tenant) -%}
        {%- elif dated -%}
            {%- do ranges.append("(" ~ tenant ~ " and event_date in (" ~ row['days'] ~ "))") -%}
        {%- else -%}
            {%- do ranges.append("(" ~ tenant ~ " and ingested_at > timestamp'" ~ row['watermark'] ~ "')") -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(either(ranges) if ranges else 'false') }}
{%- endmacro %}

{#-
    What a run recomputes of a model that is built from usage, of which no ingest tells what is new: all of it, of the tenant or
    of everybody; nothing where there is nothing, neither in the source nor in the table.
-#}
{% macro whole(some) -%}
    {%- set asked = tenant_filter() -%}
    {%- if not in_build() or not is_incremental() -%}
        {{ return(plan('everything', asked)) }}
    {%- endif -%}
    {%- set mine = ' and ' ~ asked ~ ' limit 1)' -%}
    {%- set query = '(' ~ some ~ mine ~ ' union all (select 1 from ' ~ this ~ ' where true' ~ mine -%}
    {{ return(plan('everything', asked) if run_query(query).rows | length else plan('nothing', 'false')) }}
{%- endmacro %}

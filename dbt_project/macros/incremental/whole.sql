{#-
    What a run recomputes of a model that is built from usage, of which no ingest tells what is new: all of it, of the tenant or
    of everybody; nothing where there is nothing, neither in the source (`filled`) nor in the table.
-#}
{% macro whole(filled) -%}
    {%- set asked = tenant_filter() -%}
    {%- if filled or not is_incremental() -%}
        {{ return(plan('everything', asked)) }}
    {%- endif -%}
    {%- set some = run_query('select 1 from ' ~ this ~ ' where ' ~ asked ~ ' limit 1').rows -%}
    {{ return(plan('everything', asked) if some | length else plan('nothing', 'false')) }}
{%- endmacro %}


{#- The model's columns without a row, as a query. -#}
{% macro no_rows() -%}
    select
        {%- for column in model.columns.values() %}
        cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
{%- endmacro %}

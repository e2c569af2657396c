{#- dbt-spark drops a seed's table and creates it again; the files of an external table would stay and its rows double. -#}
{% macro spark__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {{ return(create_csv_table(model, agate_table)) }}
{% endmacro %}


{% macro spark__create_csv_table(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {% set sql %}
        create or replace table {{ this.render() }} (
            {%- for name in agate_table.column_names %}
            {{ name }} {{ types.get(name, adapter.convert_type(agate_table, loop.index0)) }}
            {%- if not loop.last %}, {% endif %}
            {%- endfor %}
        )
        {{ file_format_clause() }}
        {{ location_clause() }}
        comment '{{ model.description | trim | replace("'", "\\'") }}'
    {% endset %}
    {% call statement('_') %}{{ sql }}{% endcall %}
    {{ return(sql) }}
{% endmacro %}

{#- The unique_key of every incremental model, by the name of its table. -#}
{% macro keys_by_relation() %}
    {%- set found = {} -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') -%}
            {%- if node.config.materialized == 'incremental' -%}
                {%- do found.update({node.schema ~ '.' ~ node.alias: node.config.unique_key}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

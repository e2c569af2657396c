{#- A view that is there with the same text is left alone: replacing it costs the engine as much as a small query. -#}
{% materialization view, adapter='spark' %}
    {%- set existing = load_relation(this) -%}
    {%- if existing is not none and existing.is_view and sql | trim in existing.information -%}
        {%- do store_result('main', response='unchanged') -%}
        {{ return({'relations': [existing]}) }}
    {%- endif -%}
    {{ return(create_or_replace_view()) }}
{% endmaterialization %}

{#- Share of a weight that is left after so many days. -#}
{% macro left_after(days, half_life) -%}
    pow(2, - ({{ days }}) / {{ half_life }}D)
{%- endmacro %}

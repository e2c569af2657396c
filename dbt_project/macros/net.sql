{#- What remains of an amount once returns are taken off, whichever sign the tenant gives them; views and carts count nothing. -#}
{% macro net(column) -%}
    case events.event_type when 'purchase' then {{ column }} when 'return' then - abs({{ column }}) end
{%- endmacro %}

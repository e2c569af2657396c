{#- A condition that holds in every row. -#}
{% test holds(model, condition) %}
    select *
    from {{ model }}
    where {{ tenant_filter() }} and not coalesce({{ condition }}, false)
{% endtest %}

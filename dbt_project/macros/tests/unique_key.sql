{#- No two rows with the same key. -#}
{% test unique_key(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as repetitions
    from {{ model }}
    where {{ tenant_filter() }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}

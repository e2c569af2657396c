{#- Every key here is there: relationships over several columns. -#}
{% test in_parent(model, parent, columns) %}
    select {% for column in columns %}child.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from (select * from {{ model }} where {{ tenant_filter() }}) as child
    left anti join {{ parent }} as parent
        on {% for column in columns %}child.{{ column }} = parent.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
    where child.{{ columns[-1] }} is not null
{% endtest %}

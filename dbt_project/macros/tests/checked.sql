{#-
    Which rows the tests of this run look at, as a predicate. In `recolake build`: all that was written since they last
    passed, by whole days, or of a table without days by its new rows; of a tenant of whom nothing was built, all. In
    `dbt test`: all there is. None of them sees what arrived after the run began.
-#}
{% macro checked(dated=true) %}
    {%- if not in_build() -%}
        {{ return(tenant_filter()) }}
    {%- endif -%}
    {%- set found = predicates_of(news_of('checks')) -%}
    {{ return(found.days if dated else found.news) }}
{% endmacro %}

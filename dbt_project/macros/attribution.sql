{#-
    What an answer has led to, said in this one place.

    An event that names a recommendation belongs to it. One that names none belongs to the latest answer that showed its item
    to its person, if that is no longer ago than the window.
-#}

{#- How long an answer is taken to have led to what its person does with an item of it. -#}
{% macro attribution_window() -%}
    interval 24 hours
{%- endmacro %}


{#- An answer that took at least so many milliseconds is slow. -#}
{% macro slow_from() -%}
    100
{%- endmacro %}


{#- Reasons for which an answer fell short through no doing of the person's: the variant failed, or the online store did. -#}
{% macro fell_short() -%}
    fallback in ('challenger_failed', 'features_unavailable')
{%- endmacro %}

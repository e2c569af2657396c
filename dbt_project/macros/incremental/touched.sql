{#-
    What a run has to recompute, as SQL predicates over a relation with tenant_id, event_date and ingested_at:

        news    the rows that are new to the model
        days    all rows of the tenants' days on which something is new
        since   all rows of the tenants from the first of those days on
        known   all rows of the tenants concerned
        changed whether `more` found any day
        plan    a comment that every incremental model puts above its query: which of its rows the query's rows replace.
                The materialization obeys it, and refuses a model without it.

    None of them sees what arrived after the run began. `keyed` says that the query's rows replace those with the same
    unique_key, not whole days; `dated` that the model has an event_date by which the search for those can be narrowed.
    `more` is a query for further days: (tenant_id, event_date) of what changed by the time `changed_at`.
-#}
{% macro touched(keyed=false, dated=true, more=none) %}
    {%- if not in_build() -%}
        {%- set asked = tenant_filter() -%}
        {{ return({'news': asked, 'days': asked, 'since': asked, 'known': asked, 'changed': true, 'plan': plan('everything', asked)}) }}
    {%- endif -%}

    {%- set entries = news_of(model.name) -%}
    {%- set more_days = days_of_changes(more, entries) if more and is_incremental() else {} -%}
    {%- set found = predicates_of(entries, dated, more_days) -%}
    {%- set touched = {'changed': more_days | length > 0} -%}
    {%- for part in ('news', 'days', 'since', 'known') -%}
        {%- do touched.update({part: found[part]}) -%}
    {%- endfor -%}

    {%- if not is_incremental() -%}
        {%- do touched.update({'plan': plan('everything', tenant_filter())}) -%}
    {%- elif not entries -%}
        {%- do touched.update({'plan': plan('nothing', 'false')}) -%}
    {%- elif keyed -%}
        {%- do touched.update({'plan': plan('merge', found.kept)}) -%}
    {%- else -%}
        {%- do touched.update({'plan': plan('replace', found.replaced)}) -%}
    {%- endif -%}
    {{ return(touched) }}
{% endmacro %}


{#- Days of `more` that changed after the model's watermark: {tenant: [YYYY-MM-DD, …]}. -#}
{% macro days_of_changes(more, entries) %}
    {%- set watermarks = {} -%}
    {%- for entry in entries if entry.watermark is not none -%}
        {%- do watermarks.update({entry.tenant: entry.watermark}) -%}
    {%- endfor -%}
    {%- set found = {} -%}
    {%- if watermarks -%}
        {%- set fresh = of_tenants(watermarks) ~ ' and ' ~ bounded('changed_at', '>', watermarks, 'timestamp_micros(%s)') -%}
        {%- set query = "select distinct tenant_id, cast(event_date as string) as day from (" ~ more ~ ") where " ~ fresh -%}
        {%- for row in run_query(query).rows -%}
            {%- do found.setdefault(row['tenant_id'], []).append(row['day']) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}


{% macro plan(action, range) %}
    {{ return('-- plan: ' ~ action ~ ': ' ~ range) }}
{% endmacro %}

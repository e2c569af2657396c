{#-
    What a run has to recompute, as SQL predicates over a relation with tenant_id, event_date and ingested_at:

        news    the rows that are new to the model
        days    all rows of the tenants' days on which something is new
        since   all rows of the tenants from the first of those days on
        known   all rows of the tenants concerned
        plan    a comment that every incremental model puts above its query: which of its rows the query's rows replace.
                The materialization obeys it, and refuses a model without it.

    None of them sees what arrived after the run began. `keyed` says that the query's rows replace those with the same
    unique_key, not whole days; `dated` that the model has an event_date by which the search for those can be narrowed.
    `more` is a query for further days: (tenant_id, event_date) of what changed by the time `changed_at`.
-#}
{% macro touched(keyed=false, dated=true, more=none) -%}
    {%- set asked = tenant_filter() -%}
    {%- if not execute or flags.WHICH not in ('run', 'build') or not is_incremental() -%}
        {{ return({'news': asked, 'days': asked, 'since': asked, 'known': asked, 'plan': plan('everything', asked)}) }}
    {%- endif -%}

    {%- set found = run_query("select * from recolake_news where model = '" ~ model.name ~ "'").rows -%}
    {%- if found | length == 0 -%}
        {{ return({'news': 'false', 'days': 'false', 'since': 'false', 'known': 'false', 'plan': plan('nothing', 'false')}) }}
    {%- endif -%}

    {%- set extra = days_of_changes(more, found) if more else {} -%}
    {%- set news, days, since, known, replaced, kept = [], [], [], [], [], [] -%}
    {%- for row in found -%}
        {%- set tenant = "tenant_id = '" ~ row['tenant_id'] ~ "'" -%}
        {%- set readable = tenant ~ " and ingested_at <= timestamp'" ~ row['high'] ~ "'" -%}
        {%- do known.append("(" ~ readable ~ ")") -%}
        {%- if row['watermark'] is none -%}
            {%- do news.append("(" ~ readable ~ ")") -%}
            {%- do days.append("(" ~ readable ~ ")") -%}
            {%- do since.append("(" ~ readable ~ ")") -%}
            {%- do replaced.append(tenant) -%}
            {%- do kept.append("kept." ~ tenant) -%}
        {%- else -%}
            {%- set all_days = (row['days'].split(', ') + extra.get(row['tenant_id'], [])) | unique | sort -%}
            {%- set in_days = "event_date in (" ~ all_days | join(', ') ~ ")" -%}
            {%- set from_first = "event_date >= " ~ all_days | first -%}
            {%- do news.append("(" ~ readable ~ " and ingested_at > timestamp'" ~ row['watermark'] ~ "')") -%}
            {%- do days.append("(" ~ readable ~ " and " ~ in_days ~ ")") -%}
            {%- do since.append("(" ~ readable ~ " and " ~ from_first ~ ")") -%}
            {%- do replaced.append("(" ~ tenant ~ " and " ~ in_days ~ ")") -%}
            {%- do kept.append("(kept." ~ tenant ~ (" and kept." ~ from_first if dated else "") ~ ")") -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({
        'news': either(news),
        'days': either(days),
        'since': either(since),
        'known': either(known),
        'plan': plan('merge', either(kept)) if keyed else plan('replace', either(replaced)),
    }) }}
{%- endmacro %}


{#- Days of `more` that changed after the model's watermark: {tenant: [literal, …]}. -#}
{% macro days_of_changes(more, news) -%}
    {%- set found = {} -%}
    {%- set changed -%}
        select distinct tenant_id, concat("date'", event_date, "'") as day
        from ({{ more }})
        where case tenant_id
            {%- for row in news if row['watermark'] is not none %}
            when '{{ row['tenant_id'] }}' then changed_at > timestamp'{{ row['watermark'] }}'
            {%- endfor %}
            else false
        end
    {%- endset -%}
    {%- for row in run_query(changed).rows -%}
        {%- do found.setdefault(row['tenant_id'], []).append(row['day']) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{#- The one tenant that the run is for, if it is for one. -#}
{% macro tenant_filter() -%}
    {%- set tenant = env_var('RECOLAKE_TENANT', '') if execute else '' -%}
    {{ return("tenant_id = '" ~ tenant ~ "'" if tenant else 'true') }}
{%- endmacro %}


{% macro either(predicates) -%}
    {{ return('(' ~ predicates | join(' or ') ~ ')') }}
{%- endmacro %}


{% macro plan(action, range) -%}
    {{ return('-- plan: ' ~ action ~ ': ' ~ range) }}
{%- endmacro %}

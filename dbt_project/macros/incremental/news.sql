{#-
    What is new to a model, or under the name 'checks' to the tests: one entry for each tenant with something to do, as
    `recolake build` found it before it started dbt (recolake/transform/news.py, docs/adr/0005).

        tenant      whose rows
        watermark   the ingest up to which all is taken in, in microseconds since 1970; none where nothing is
        high        the latest ingest that this run may read; what arrives while it runs is left to the next one
        days        days of the events in between, as YYYY-MM-DD
-#}
{% macro news_of(name) %}
    {%- set handed = env_var('RECOLAKE_NEWS', '') -%}
    {%- if not handed -%}
        {{ exceptions.raise_compiler_error("Only `recolake build` knows what is new: run that; its --select takes dbt's selectors.") }}
    {%- endif -%}
    {{ return(fromjson(handed).get(name, [])) }}
{% endmacro %}


{#- Whether rows are read or written now: not when a project is parsed or documented, nor on the rows of a unit test. -#}
{% macro in_build() %}
    {{ return(execute and flags.WHICH in ('run', 'build') and model.resource_type != 'unit_test') }}
{% endmacro %}


{#-
    Entries as predicates over a relation with tenant_id, event_date and ingested_at (see `touched`), and those for the
    rows that a query's rows replace: `replaced` of whole days, `kept` of a merge by key. All of them false of no entries.

    Of however many tenants, each is a handful of comparisons: with bounds that hold for all of them, by which files are
    skipped, and with each tenant's own, looked up by its name. A branch for each tenant would have to be planned, too, and
    by every scan of every query (docs/adr/0005).
-#}
{% macro predicates_of(entries, dated=true, more_days={}) %}
    {%- if not entries -%}
        {{ return({'news': 'false', 'days': 'false', 'since': 'false', 'known': 'false', 'replaced': 'false', 'kept': 'false'}) }}
    {%- endif -%}

    {%- set highs, watermarks, days = {}, {}, {} -%}
    {%- for entry in entries -%}
        {%- do highs.update({entry.tenant: entry.high}) -%}
        {%- do watermarks.update({entry.tenant: 0 if entry.watermark is none else entry.watermark}) -%}
        {%- set mine = (entry.days + more_days.get(entry.tenant, [])) | unique | sort -%}
        {%- if entry.watermark is none or mine -%}
            {%- do days.update({entry.tenant: none if entry.watermark is none else mine}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set known = of_tenants(highs) ~ ' and ' ~ bounded('ingested_at', '<=', highs, 'timestamp_micros(%s)') -%}
    {{ return({
        'known': '(' ~ known ~ ')',
        'news': '(' ~ known ~ ' and ' ~ bounded('ingested_at', '>', watermarks, 'timestamp_micros(%s)') ~ ')',
        'days': '(' ~ known ~ ' and ' ~ on_days(days) ~ ')',
        'since': '(' ~ known ~ ' and ' ~ from_first_days(days) ~ ')',
        'replaced': replaced_days(days),
        'kept': (from_first_days(days, 'kept.') if dated and days else of_tenants(highs, 'kept.')),
    }) }}
{% endmacro %}


{#- True of rows of these tenants. -#}
{% macro of_tenants(tenants, prefix='') %}
    {{ return(prefix ~ "tenant_id in ('" ~ tenants | list | join("', '") ~ "')") }}
{% endmacro %}


{#- True of rows within the bound of their tenant: {tenant: value}, of which `literal` makes SQL. -#}
{% macro bounded(column, comparison, bounds, literal, prefix='') %}
    {%- set values = bounds.values() | list -%}
    {%- set widest = values | max if comparison == '<=' else values | min -%}
    {%- set compared = prefix ~ column ~ ' ' ~ comparison ~ ' ' -%}
    {%- set for_all = compared ~ literal | format(widest) -%}
    {%- if values | unique | list | length == 1 -%}
        {{ return(for_all) }}
    {%- endif -%}

    {%- set pairs = [] -%}
    {%- for tenant, value in bounds.items() -%}
        {%- do pairs.append("'" ~ tenant ~ "', " ~ literal | format(value)) -%}
    {%- endfor -%}
    {{ return(for_all ~ ' and ' ~ compared ~ 'map(' ~ pairs | join(', ') ~ ')[' ~ prefix ~ 'tenant_id]') }}
{% endmacro %}


{#- True of rows on days of their tenant: {tenant: [YYYY-MM-DD, …], or none for all days}. -#}
{% macro on_days(days) %}
    {%- set whole, some, lists, pairs = [], [], [], [] -%}
    {%- for tenant, its_days in days.items() -%}
        {%- if its_days is none -%}
            {%- do whole.append(tenant) -%}
        {%- else -%}
            {%- do some.append(tenant) -%}
            {%- do lists.append(its_days) -%}
            {%- for day in its_days -%}{%- do pairs.append(tenant ~ ' ' ~ day) -%}{%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set parts = [of_tenants(whole)] if whole else [] -%}
    {%- if some -%}
        {%- set part = of_tenants(some) ~ ' and ' ~ in_days(lists | sum(start=[]) | unique | sort) -%}
        {%- if lists | map('join', ' ') | unique | list | length > 1 -%}
            {%- set part = part ~ " and concat(tenant_id, ' ', event_date) in ('" ~ pairs | join("', '") ~ "')" -%}
        {%- endif -%}
        {%- do parts.append(part) -%}
    {%- endif -%}
    {{ return(any_of(parts)) }}
{% endmacro %}


{#- The same for REPLACE WHERE, which compares columns with values and nothing else: a branch for each set of days. -#}
{% macro replaced_days(days) %}
    {%- set tenants, lists = {}, {} -%}
    {%- for tenant, its_days in days.items() -%}
        {%- set name = 'all' if its_days is none else its_days | join(' ') -%}
        {%- do tenants.setdefault(name, []).append(tenant) -%}
        {%- do lists.update({name: its_days}) -%}
    {%- endfor -%}
    {%- set parts = [] -%}
    {%- for name, its_tenants in tenants.items() -%}
        {%- do parts.append(of_tenants(its_tenants) ~ (' and ' ~ in_days(lists[name]) if lists[name] is not none else '')) -%}
    {%- endfor -%}
    {{ return(any_of(parts)) }}
{% endmacro %}


{% macro in_days(days) %}
    {{ return("event_date in (date'" ~ days | join("', date'") ~ "')") }}
{% endmacro %}


{#- True of rows from the first of those days on. -#}
{% macro from_first_days(days, prefix='') %}
    {%- set firsts = {} -%}
    {%- for tenant, its_days in days.items() -%}
        {%- do firsts.update({tenant: '0001-01-01' if its_days is none else its_days[0]}) -%}
    {%- endfor -%}
    {%- if not firsts -%}
        {{ return('false') }}
    {%- endif -%}
    {{ return(of_tenants(firsts, prefix) ~ ' and ' ~ bounded('event_date', '>=', firsts, "date'%s'", prefix)) }}
{% endmacro %}


{#- True where one of the predicates is. -#}
{% macro any_of(predicates) %}
    {{ return('((' ~ predicates | join(') or (') ~ '))' if predicates else 'false') }}
{% endmacro %}


{#- The one tenant that the run is for, if it is for one. A unit test brings its own tenants. -#}
{% macro tenant_filter() %}
    {%- set tenant = env_var('RECOLAKE_TENANT', '') if execute and model.resource_type != 'unit_test' else '' -%}
    {{ return("tenant_id = '" ~ tenant ~ "'" if tenant else 'true') }}
{% endmacro %}


{#-
    Whether a bronze table has any row for builds, as `recolake build` found it. Most shops never decide about an upload, never
    state anything over the API, or have no experiment: a table without rows would be listed and planned again by every query that reads it.
-#}
{% macro is_filled(table) %}
    {{ return(not in_build() or table in fromjson(env_var('RECOLAKE_FILLED'))) }}
{% endmacro %}

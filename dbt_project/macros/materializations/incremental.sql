{#-
    Takes the place of dbt-spark's incremental materialization. Three reasons:

    - Not-null constraints, comments and clustering are declared when the table is created. dbt-spark alters the table once
      for every column, and each of those is a commit.
    - A full refresh of a table whose columns did not change overwrites its rows in one commit; readers never see it empty.
    - Rows that no longer belong vanish: the rows of the recomputed range are replaced, not only merged.
-#}
{% materialization incremental, adapter='spark', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_relation(this) -%}
    {%- set planned = planned_action(sql) -%}

    {{ run_hooks(pre_hooks) }}
    {%- set afresh = existing is none or (planned.action == 'everything' and not has_contract_columns(existing)) -%}
    {%- if afresh and existing is not none and planned.range != 'true' -%}
        {{ exceptions.raise_compiler_error("The columns of " ~ this ~ " changed; only a full refresh of all tenants can change them.") }}
    {%- endif -%}

    {%- if planned.action == 'everything' -%}{{ get_assert_columns_equivalent(sql) }}{%- endif -%}
    {%- if afresh -%}
        {%- call statement('create') -%}{{ create_contract_table(target_relation) }}{%- endcall -%}
    {%- endif -%}
    {%- call statement('main') -%}{{ write_statement(target_relation, planned, afresh, sql) }}{%- endcall -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- What the model's query says that its rows replace. -#}
{% macro planned_action(sql) %}
    {%- set found = modules.re.search('-- plan: (everything|replace|merge|nothing): (.*)', sql) -%}
    {%- if not found -%}
        {{ exceptions.raise_compiler_error("An incremental model says what its rows replace: put '{{ touched(…).plan }}' above its query.") }}
    {%- endif -%}
    {{ return({'action': found.group(1), 'range': found.group(2)}) }}
{% endmacro %}


{#- The one statement that writes: readers see the table as it was before, or as it is after. -#}
{% macro write_statement(relation, planned, afresh, sql) %}
    {%- if planned.action == 'nothing' -%}
        select 'nothing changed'
    {%- elif planned.action == 'merge' -%}
        {{ merge_rows(relation, sql, config.require('unique_key'), planned.range) }}
    {%- elif afresh -%}
        {{ insert_rows(relation, 'into', sql) }}
    {%- elif planned.range == 'true' -%}
        {{ insert_rows(relation, 'overwrite', sql) }}
    {%- else -%}
        {{ insert_rows(relation, 'into', sql, 'replace where ' ~ planned.range) }}
    {%- endif -%}
{% endmacro %}


{% macro insert_rows(relation, mode, sql, where='') %}
    insert {{ mode }} {{ relation }} {{ where }}
    select {{ model.columns.keys() | join(', ') }} from (
        {{ sql }}
    )
{% endmacro %}


{#- Without a range the engine would look for each key in the whole table. -#}
{% macro merge_rows(relation, sql, unique_key, range) %}
    merge into {{ relation }} as kept
    using (
        {{ sql }}
    ) as fresh
    on {{ range }}
        {%- for column in unique_key %} and kept.{{ column }} = fresh.{{ column }}{% endfor %}
    when matched then update set *
    when not matched then insert *
{% endmacro %}


{#- An empty table as the model's contract describes it. -#}
{% macro create_contract_table(relation) %}
    create or replace table {{ relation }} (
        {%- for column in model.columns.values() %}
        {{ column.name }} {{ column.data_type }}
        {%- if column.constraints | selectattr('type', 'equalto', 'not_null') | list %} not null{% endif %}
        comment '{{ column.description | trim | replace("'", "\\'") }}'
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    )
    using delta
    cluster by ({{ config.require('clustered_by') | join(', ') }})
    location '{{ config.require('location_root') }}/{{ model.alias }}'
    comment '{{ model.description | trim | replace("'", "\\'") }}'
    tblproperties (
        {%- for name, value in config.require('tblproperties').items() %}
        '{{ name }}' = '{{ value }}',
        {%- endfor %}
        'delta.enableDeletionVectors' = '{{ config.get('deletion_vectors', false) | lower }}',
        'delta.dataSkippingStatsColumns' = '{{ (config.require('clustered_by') + ['ingested_at']) | join(',') }}'
    )
{% endmacro %}


{#- Whether a table has the contract's columns, in name, type and order. -#}
{% macro has_contract_columns(relation) %}
    {%- set found = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do found.append((column.name, column.dtype | lower)) -%}
    {%- endfor -%}
    {%- set wanted = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do wanted.append((column.name, column.data_type | lower | replace(', ', ','))) -%}
    {%- endfor -%}
    {{ return(found == wanted) }}
{% endmacro %}

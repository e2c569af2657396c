{#- Every row of an upload is in exactly one of events (items, users), quarantine and repeats: none vanishes,
    none counts twice. -#}
with reported as (
    select
        tenant_id,
        upload_id,
        sum(rows_in) as rows_in,
        sum(accepted) as accepted,
        sum(quarantined) as quarantined,
        sum(repeats) as repeats
    from {{ source('bronze', 'ingests') }}
    where {{ checked(dated=false) }}
    group by tenant_id, upload_id
),

found as (
    select
        tenant_id,
        upload_id,
        count_if(outcome = 'accepted') as accepted,
        count_if(outcome = 'quarantined') as quarantined,
        count_if(outcome = 'repeats') as repeats
    from (
        select tenant_id, upload_id, ingested_at, 'accepted' as outcome from {{ source('bronze', 'events') }}
        {%- for statements in ('items', 'users') if is_filled(statements) %}
        union all
        select tenant_id, upload_id, ingested_at, 'accepted' as outcome from {{ source('bronze', statements) }}
        {%- endfor %}
        union all
        select tenant_id, upload_id, ingested_at, 'quarantined' as outcome from {{ source('bronze', 'quarantine') }}
        union all
        select tenant_id, upload_id, ingested_at, 'repeats' as outcome from {{ source('bronze', 'repeats') }}
    )
    where {{ checked(dated=false) }}
    group by tenant_id, upload_id
),

-- Uploads that were ingested before they were judged have no row here.
judged as (
    select
        tenant_id,
        upload_id,
        rows_in,
        accepted,
        quarantined,
        repeats
    from {{ source('bronze', 'uploads') }}
    where {{ checked(dated=false) }}
)

select
    reported.*,
    found.accepted as accepted_found,
    found.quarantined as quarantined_found,
    found.repeats as repeats_found
from reported
left join found on reported.tenant_id = found.tenant_id and reported.upload_id = found.upload_id
left join judged on reported.tenant_id = judged.tenant_id and reported.upload_id = judged.upload_id
where reported.rows_in <> reported.accepted + reported.quarantined + reported.repeats
    or reported.accepted <> coalesce(found.accepted, 0)
    or reported.quarantined <> coalesce(found.quarantined, 0)
    or reported.repeats <> coalesce(found.repeats, 0)
    or reported.rows_in <> judged.rows_in
    or reported.accepted <> judged.accepted
    or reported.quarantined <> judged.quarantined
    or reported.repeats <> judged.repeats

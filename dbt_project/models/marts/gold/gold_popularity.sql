{{ config(alias='popularity', clustered_by=['tenant_id'], unique_key=['tenant_id', 'item_id']) }}

{%- set touched = touched(keyed=true, dated=false) %}
{{ touched.plan }}
select
    tenant_id,
    item_id,
    max_by(is_goods, event_date) as is_goods,
    max_by(purchases_total, event_date) as purchases,
    max_by(weight_total, event_date) as weight,
    max_by(decayed_weight, event_date) as decayed_weight,
    max(event_date) as as_of_date,
    max_by(trend_score, event_date) as trend_score,
    max(ingested_at) as ingested_at
from {{ ref('gold_item_features') }}
where {{ touched.news }}
group by tenant_id, item_id

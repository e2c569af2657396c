select
    tenant_id,
    recommendation_id,
    served_at,
    user_id,
    item_ids,
    fallback,
    variant,
    experiment_id,
    milliseconds
from {{ source('bronze', 'recommendations') }}

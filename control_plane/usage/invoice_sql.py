"""An invoice is one statement: anybody with the tables computes the same. docs/howto/usage-and-invoices.md
shows it; a test compares the two.
"""

from __future__ import annotations

PERIODS_SQL = """\
periods AS (
  SELECT s.*,
         greatest(s.valid_from, :month_start) AS begins,
         least(lead(s.valid_from, 1, 'infinity') OVER (ORDER BY s.valid_from), :month_end) AS ends,
         extract(epoch FROM CAST(:month_end AS timestamptz) - CAST(:month_start AS timestamptz)) AS whole
  FROM subscriptions AS s
  WHERE s.tenant_id = :tenant_id
),
shares AS (
  SELECT p.*, extract(epoch FROM p.ends - p.begins) AS seconds
  FROM periods AS p
  WHERE p.begins < p.ends
)"""
"""Each plan's part of the month, and its seconds of the month's `whole`."""

# The parts are constants; all values are parameters.
ALLOWANCE_SQL = f"""\
WITH {PERIODS_SQL},
quotas AS (
  SELECT k.kind,
         CASE WHEN NOT bool_or(k.quota IS NULL)
              THEN ceil(sum(k.quota * s.seconds) / max(s.whole)) END AS quota,
         (array_agg(k.price ORDER BY s.begins DESC))[1] AS price,
         (array_agg(s.currency ORDER BY s.begins DESC))[1] AS currency
  FROM shares AS s
  CROSS JOIN LATERAL (VALUES
    ('requests', s.requests, s.requests_price),
    ('events', s.events, s.events_price),
    ('items', s.items, s.items_price),
    ('training_minutes', s.training_minutes, NULL)
  ) AS k (kind, quota, price)
  GROUP BY k.kind
),
used AS (
  SELECT u.kind, sum(u.units) AS used
  FROM (
    SELECT kind, units, at FROM usage_records WHERE tenant_id = :tenant_id
    UNION ALL
    SELECT kind, units, begins FROM usage_days WHERE tenant_id = :tenant_id
  ) AS u
  WHERE u.at >= (SELECT min(begins) FROM shares) AND u.at < :month_end
  GROUP BY u.kind
)"""  # noqa: S608
"""What the month's plans allow together, and what was used since the first of them began."""

INVOICE_SQL = f"""\
{ALLOWANCE_SQL}
SELECT 'fee' AS line, s.plan_id AS about, s.begins, s.ends, NULL::numeric AS quota, NULL::numeric AS used,
       round(s.monthly_fee * s.seconds / s.whole) AS amount, s.currency
FROM shares AS s
UNION ALL
SELECT 'overage', q.kind, :month_start, :month_end, q.quota, u.used,
       round((u.used - q.quota) * q.price / 1000.0), q.currency
FROM quotas AS q
INNER JOIN used AS u ON u.kind = q.kind
WHERE u.used > q.quota AND q.price IS NOT NULL
ORDER BY 1, 3, 2"""  # noqa: S608
"""The lines of an invoice; amounts in hundredths of the currency."""

LIMITS_SQL = f"""\
{ALLOWANCE_SQL}
SELECT q.kind, q.quota, coalesce(u.used, 0) AS used, q.price
FROM quotas AS q
LEFT JOIN used AS u ON u.kind = q.kind
ORDER BY q.kind"""  # noqa: S608
"""Quota and use of a month by kind."""

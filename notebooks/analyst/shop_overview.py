# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What happened in the shop
#
# SQL on one tenant's Delta tables: what came in, what sells, what the tables looked like earlier.
# The platform must be up (`recolake up`). `RECOLAKE_TENANT`, or the next cell, names the tenant;
# without either it is the only one there is, or `demo`.

# %% tags=["parameters"]
import os

tenant_name = os.environ.get("RECOLAKE_TENANT", "")

# %%
import matplotlib.pyplot as plt

from recolake.lake.catalog import table_version
from recolake.lake.engine import connect
from recolake.lake.gateway import query_tenant
from recolake.lake.tables import BRONZE_EVENTS, SILVER_EVENTS
from recolake.settings import load_settings
from recolake.tenancy.directory import known_tenants, require_tenant

settings = load_settings()
known = known_tenants(settings)
tenant = require_tenant(settings, tenant_name or (known[0].name if len(known) == 1 else "demo"))
spark = connect(settings)


def sql(query: str):
    """One read-only query over this tenant's rows, as `recolake sql` runs it, as a pandas frame."""
    return query_tenant(spark, settings, tenant, query).to_pandas()


# %% [markdown]
# ## What came in
# Every row is accounted for: accepted, a repeat of an earlier row, or in quarantine with its reasons.

# %%
sql("""
    SELECT count(*) AS files, sum(rows_in) AS rows_in, sum(accepted) AS accepted, sum(repeats) AS repeats,
           sum(quarantined) AS quarantined
    FROM bronze.ingests
""")

# %%
sql("""
    SELECT reason, count(*) AS rows, min(raw_record) AS example
    FROM bronze.quarantine LATERAL VIEW explode(reasons) AS reason
    GROUP BY reason ORDER BY rows DESC
""")

# %% [markdown]
# ## What happens each week

# %%
weeks = sql("""
    SELECT date_trunc('week', event_date) AS week, sum(events) AS events, sum(purchases) AS purchases,
           CAST(sum(value) AS DOUBLE) AS value
    FROM gold.item_days GROUP BY week ORDER BY week
""")
weeks.tail()

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3))
left.plot(weeks["week"], weeks["purchases"])
left.set(title="Purchases a week")
right.plot(weeks["week"], weeks["value"], color="tab:green")
right.set(title="Value a week")
figure.autofmt_xdate()
plt.show()

# %% [markdown]
# ## What is popular now
# `trend_score` rises by one with every doubling of recent popularity; any two items can be compared.

# %%
trending = sql("""
    SELECT i.title, p.purchases, p.trend_score
    FROM gold.popularity p JOIN silver.items i ON p.item_id = i.item_id
    WHERE p.is_goods ORDER BY p.trend_score DESC LIMIT 10
""")
trending

# %%
names = trending["title"].fillna("?").str.slice(0, 32)[::-1]
above = (trending["trend_score"] - trending["trend_score"].min())[::-1]
plt.figure(figsize=(7, 3))
plt.barh(names, above)
plt.title("Trend score above the tenth item")
plt.show()

# %% [markdown]
# ## History and time travel
# Delta keeps every version of a table. What was written when, and what was there before the latest write?

# %%
history = spark.sql(f"DESCRIBE HISTORY {SILVER_EVENTS.qualified}").toPandas()
history[["version", "timestamp", "operation"]].head(10)

# %%
now = table_version(spark, BRONZE_EVENTS)
counts = {
    version: int(sql(f"SELECT count(*) AS n FROM bronze.events VERSION AS OF {version}")["n"][0])
    for version in sorted({0, max(0, now - 1), now})
}
counts

# %%
assert list(counts.values()) == sorted(counts.values()), "bronze.events only ever grows"

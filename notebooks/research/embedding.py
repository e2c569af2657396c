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
# # What the model has learnt
#
# The training set at the version the served model saw, the neighbours of an item, a picture of the embedding,
# two MLflow runs side by side. The platform must be up and a model published. `RECOLAKE_TENANT`, or the next
# cell, names the tenant; without either it is the only one there is, or `demo`.

# %% tags=["parameters"]
import os

tenant_name = os.environ.get("RECOLAKE_TENANT", "")

# %%
import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd

from recolake.endpoints import resolve
from recolake.lake.engine import connect
from recolake.lake.read import read_tenant, row_count
from recolake.lake.tables import GOLD_TRAINING_SET, SILVER_ITEMS
from recolake.ranking.artifact import load_artifact
from recolake.ranking.pointer import current_version, version_folder
from recolake.settings import load_settings
from recolake.tenancy.directory import known_tenants, require_tenant

settings = load_settings()
known = known_tenants(settings)
tenant = require_tenant(settings, tenant_name or (known[0].name if len(known) == 1 else "demo"))
spark = connect(settings)
version = current_version(settings, tenant)
assert version, f"Nothing is published for {tenant}: run `recolake train` and `recolake publish`."
model = load_artifact(version_folder(settings, tenant, version), tenant)
model.manifest.model_dump(
    include={"model_version", "mlflow_run_id", "dimension", "count", "inputs", "code_version", "seed"}
)

# %% [markdown]
# ## The training set as the model saw it
# A model version is a function of code, configuration, seed and the versions of its input tables.

# %%
seen_version = model.manifest.inputs[GOLD_TRAINING_SET.qualified]
rows = read_tenant(spark, settings, GOLD_TRAINING_SET, tenant, seen_version)
training_set = rows.select("event_date", "user_id", "item_id", "weight").toPandas()
pd.Series(
    {
        "version": seen_version,
        "rows": len(training_set),
        "people": training_set["user_id"].nunique(),
        "items": training_set["item_id"].nunique(),
        "from": training_set["event_date"].min(),
        "to": training_set["event_date"].max(),
    }
)

# %% [markdown]
# ## Neighbours of an item
# By cosine of the item vectors.

# %%
length = np.linalg.norm(model.vectors, axis=1, keepdims=True)
directions = model.vectors / np.maximum(length, 1e-9)


def neighbours(item_id: str, count: int = 8) -> pd.DataFrame:
    """The items nearest to one, itself first."""
    similarity = directions @ directions[model.items.row_of[item_id]]
    nearest = np.argsort(-similarity)[: count + 1]
    return pd.DataFrame(
        {
            "item_id": [model.items.ids[row] for row in nearest],
            "title": [model.items.titles[row] for row in nearest],
            "cosine": similarity[nearest].round(3),
        }
    )


favourites = training_set["item_id"].value_counts()
favourite = next(item for item in favourites.index if item in model.items.row_of)
neighbours(favourite)

# %% [markdown]
# ## A picture of the embedding
# The two directions in which the item vectors differ most; colour is how often an item is taken.

# %%
centred = directions - directions.mean(axis=0)
_, strength, axes = np.linalg.svd(centred, full_matrices=False)
plane = centred @ axes[:2].T
taken = np.array([favourites.get(item, 0) for item in model.items.ids])
plt.figure(figsize=(7, 5))
plt.scatter(plane[:, 0], plane[:, 1], c=np.log1p(taken), s=12, cmap="viridis")
for row in np.argsort(-taken)[:8]:
    plt.annotate(model.items.titles[row][:24], plane[row], fontsize=8)
plt.title(
    f"{len(model.items)} items, {strength[0] ** 2 / (strength**2).sum():.0%} of the variance to the right"
)
plt.colorbar(label="log(1 + rows in the training set)")
plt.show()

# %% [markdown]
# ## Two runs side by side
# The two latest training runs of this tenant; where there is but one, it is compared with itself.

# %%
mlflow.set_tracking_uri(resolve(settings, "mlflow"))
runs = mlflow.search_runs(
    experiment_names=[f"recolake/{tenant}"], order_by=["attributes.start_time DESC"], max_results=2
)
assert len(runs), "No training run is recorded."
metrics = runs.filter(like="metrics.").T
metrics.columns = runs["run_id"].str.slice(0, 8)
if metrics.shape[1] == 1:
    metrics = pd.concat([metrics, metrics], axis=1)
metrics.columns = [f"latest ({metrics.columns[0]})", f"before ({metrics.columns[1]})"]
metrics["change"] = metrics.iloc[:, 0] - metrics.iloc[:, 1]
metrics.dropna().sort_index()

# %%
known_items = row_count(spark, settings, SILVER_ITEMS, tenant)
assert len(model.items) <= known_items, "the index holds no item that the lake does not know"

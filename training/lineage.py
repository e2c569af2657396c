"""What a publication tells of itself: which model went into the served index and into the vectors' tables."""

from __future__ import annotations

from recolake.lake.catalog import table_version
from recolake.lake.engine import connect
from recolake.lake.tables import GOLD_ITEM_EMBEDDINGS, GOLD_USER_EMBEDDINGS
from recolake.lineage.emit import LineageRun, harmless, table_at
from recolake.lineage.events import DataState
from recolake.lineage.names import index, model
from recolake.ranking.manifest import Manifest


@harmless
def tell_served(run: LineageRun, manifest: Manifest, *, stored: bool = False) -> None:
    """This model is served from now on; `stored` says that its vectors were written into the lake."""
    run.reads(DataState(model(manifest.model_version, manifest.mlflow_run_id)))
    run.wrote(DataState(index(manifest.model_version)))
    if stored:
        spark = connect(run.settings)
        for table in (GOLD_USER_EMBEDDINGS, GOLD_ITEM_EMBEDDINGS):
            run.wrote(table_at(table, table_version(spark, table, run.settings), run.settings))

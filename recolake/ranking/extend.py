"""A loaded model with items that came since it was made, placed by what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from recolake.ranking.artifact import Artifact
from recolake.ranking.index.extended import Extended
from recolake.ranking.items import Items
from recolake.records.kinds import AVAILABILITY

_TITLE = "title"


def extended(artifact: Artifact, described: Mapping[str, Mapping[str, str]]) -> Artifact:
    """The artefact with those of the described items that it lacks and can place, as its last rows.

    They are scored beside the index. The next model that is published has them in it.

    Args:
        described: attributes by item.
    """
    if artifact.placement is None:
        return artifact
    known, added = artifact.items.row_of, {}
    for item in sorted(described):
        if item in known:
            continue
        vector = artifact.placement.vector(
            {name: text for name, text in described[item].items() if name not in AVAILABILITY}
        )
        if vector is not None and np.isfinite(vector).all():
            added[item] = vector
    if not added:
        return artifact
    held, vectors = artifact.items, np.array(list(added.values()), dtype=np.float32)
    items = Items(
        (*held.ids, *added),
        (*held.titles, *(described[item].get(_TITLE, "") for item in added)),
        (
            *held.attributes,
            *(
                {name: text for name, text in described[item].items() if name not in (_TITLE, *AVAILABILITY)}
                for item in added
            ),
        ),
    )
    stage, companions, totals = artifact.second_stage, artifact.companions, artifact.totals
    later = replace(
        artifact,
        index=Extended(artifact.index, vectors),
        vectors=np.concatenate([artifact.vectors, vectors]),
        items=items,
        popularity=artifact.popularity.with_length(len(items)),
        second_stage=None if stage is None else stage.with_unmet(len(added)),
        companions=None if companions is None else companions.with_unmet(len(added)),
        totals=None if totals is None else np.pad(totals, (0, len(added))),
    )
    # Sums over what was learnt are the same, and take long.
    if "gram" in vars(artifact):
        vars(later)["gram"] = artifact.gram
    return later

"""What was measured of an index when it was built; part of the manifest."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Kind(StrEnum):
    """Kinds of index that are served: exact, those that look at a part of the items, and at all by codes."""

    FLAT = "flat"
    IVF_SQ8 = "ivf_sq8"
    IVF_FLAT = "ivf_flat"
    SQ8 = "sq8"


class IndexFigures(BaseModel):
    """How near an index comes to an exact one, and what it costs.

    Recall is the mean share of the exact best k that the index names when asked for k. Queries are answered
    one at a time by one thread.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    parameters: dict[str, int] = Field(
        description="`lists` the items are parted into, `probes` looked at; where there are lists"
    )
    queries: int = Field(ge=1, description="User vectors that were asked with")
    recall_at_10: float = Field(ge=0, le=1)
    depth: int = Field(ge=1, description="Nearest items that the ranker asks for")
    recall_at_depth: float = Field(ge=0, le=1)
    queries_per_second: float = Field(gt=0, description="Asked for 10 items")
    queries_per_second_at_depth: float = Field(gt=0)
    bytes_per_item: float = Field(gt=0, description="Of the index file; exact vectors beside it not counted")

"""What an index artefact says about itself: `manifest.json`, the one file read before it is checked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recolake.errors import ArtifactError
from recolake.ranking.index.figures import IndexFigures

MANIFEST_FILE = "manifest.json"
VERSION_NAME = r"^v[1-9][0-9]{0,8}$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BlendWeights(_Frozen):
    """Weights of the three terms of a score. Each term is at most 1; the vector's may be negative."""

    vector: float = Field(ge=0, allow_inf_nan=False)
    popularity: float = Field(ge=0, allow_inf_nan=False)
    own: float = Field(ge=0, allow_inf_nan=False)


class SecondStageConfig(_Frozen):
    """What a second stage decides; where it did not earn its place, the blend has the last word."""

    new_items: bool
    all_items: bool
    depth: int = Field(default=200, ge=1, description="Candidates of the blend that it looks at")


class RankingConfig(_Frozen):
    """How candidates are found and ordered; chosen on validation data when the model is trained."""

    new_items: BlendWeights
    all_items: BlendWeights
    nearest: int = Field(
        default=400, ge=1, description="Candidates by the user's vector, beyond what is masked"
    )
    popular: int = Field(default=400, ge=1, description="Candidates by popularity, beyond what is masked")
    popularity_span: float = Field(
        default=8.0,
        gt=0,
        description="Halvings below the most popular item after which popularity says nothing more",
    )
    second_stage: SecondStageConfig | None = Field(default=None, description="None: there is none")


class FileEntry(_Frozen):
    sha256: str
    bytes: int


class Canary(_Frozen):
    """A query with a known answer: no person's vector, but a mixture of item vectors.

    `scores` are the index's; `exact` the inner products, None where the index is exact itself.
    """

    vector: list[float]
    items: list[str]
    scores: list[float]
    exact: list[float] | None = None


class Manifest(_Frozen):
    """Identity, origin and content of one artefact."""

    schema_version: Literal[1] = 1
    tenant_id: str
    model_name: str
    model_version: str
    mlflow_run_id: str
    metric: Literal["inner_product"] = "inner_product"
    dimension: int = Field(ge=1)
    count: int = Field(ge=1)
    users: int = Field(ge=0)
    cold_items: int = Field(
        default=0,
        ge=0,
        description="The last of the items: nobody had met them; content made their vectors",
    )
    cold_users: int = Field(
        default=0,
        ge=0,
        description="The last of the people: without history; what they are made their vectors",
    )
    created_at: datetime
    code_version: str
    config: dict[str, Any]
    seed: int
    inputs: dict[str, int] = Field(description="Delta version of each input table, by qualified name")
    uploads: list[str] = Field(description="Uploads whose events the input tables were built from")
    machine: dict[str, str] = Field(
        default_factory=dict, description="Threads, processor and libraries that the model was made with"
    )
    ranking: RankingConfig
    index: IndexFigures | None = Field(
        default=None, description="None: exact, from before indexes were measured"
    )
    canaries: list[Canary]
    files: dict[str, FileEntry]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an artefact, its form checked, its claims not yet.

    Raises:
        ArtifactError: it is missing or not of the expected form.
    """
    path = folder / MANIFEST_FILE
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ArtifactError(f"There is no readable manifest in {folder}.") from error
    except ValidationError as error:
        raise ArtifactError(
            f"The manifest in {folder} is not of the expected form: {error.errors()[0]['msg']}."
        ) from error

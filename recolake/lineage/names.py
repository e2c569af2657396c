"""What things are called in lineage events: a namespace for each tenant, a name for each thing, a version.

Names and versions are those of the OpenLineage specification 2-0-2 (Dataset, DatasetVersionDatasetFacet).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recolake.lake.tables import Layer
from recolake.landing.upload import LandedFile, UploadManifest
from recolake.tenancy.context import Tenant

_SCHEME = "recolake://"
_LANDING, _MODEL = "landing/", "model/"
INDEX, FEATURES = "index", "features"
_RECOMMENDATION = "recommendation/"
_LAYERS = tuple(f"{layer}." for layer in Layer)


class Kind(StrEnum):
    UPLOAD = "upload"
    TABLE = "table"
    MODEL = "model"
    INDEX = "index"
    FEATURES = "features"
    RECOMMENDATION = "recommendation"
    OTHER = "other"


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One state of one thing: a file of an upload, a table at a Delta version, a model, what serving reads.

    `version` is the file's SHA-256, the Delta version, the model's MLflow run, the served model version, or
    when the features were written (ISO 8601, UTC).
    """

    name: str
    version: str = ""

    @property
    def kind(self) -> Kind:
        for prefix, kind in (
            (_LANDING, Kind.UPLOAD),
            (_MODEL, Kind.MODEL),
            (_RECOMMENDATION, Kind.RECOMMENDATION),
            *((layer, Kind.TABLE) for layer in _LAYERS),
        ):
            if self.name.startswith(prefix):
                return kind
        return {INDEX: Kind.INDEX, FEATURES: Kind.FEATURES}.get(self.name, Kind.OTHER)

    @property
    def short_name(self) -> str:
        """The upload's id, the model's version, the recommendation's id; else the name itself."""
        if self.kind in (Kind.UPLOAD, Kind.MODEL, Kind.RECOMMENDATION):
            return self.name.split("/")[1]
        return self.name

    @property
    def file(self) -> str:
        """Name of a file within its upload; empty for anything else."""
        return self.name.split("/", 2)[2] if self.kind is Kind.UPLOAD and self.name.count("/") > 1 else ""

    @property
    def grows(self) -> bool:
        """Whether a later version holds what an earlier one held."""
        return self.kind in (Kind.TABLE, Kind.FEATURES)

    @property
    def age(self) -> tuple[int, str]:
        """Orders the versions of one thing."""
        return (int(self.version), "") if self.version.isdigit() else (-1, self.version)


def namespace(tenant: Tenant) -> str:
    """Of a tenant's jobs and datasets; no two tenants share one."""
    return f"{_SCHEME}{tenant.name}"


def upload_file(upload_id: str, file: LandedFile) -> Node:
    return Node(f"{_LANDING}{upload_id}/{file.name}", file.sha256)


def upload_files(upload: UploadManifest) -> list[Node]:
    return [upload_file(upload.upload_id, file) for file in upload.files]


def unknown_files(upload_id: str) -> Node:
    """An upload of which nothing but its id is known."""
    return Node(f"{_LANDING}{upload_id}")


def table(qualified: str, version: int) -> Node:
    return Node(qualified, str(version))


def model(version: str, mlflow_run_id: str) -> Node:
    return Node(f"{_MODEL}{version}", mlflow_run_id)


def index(model_version: str) -> Node:
    """What serving ranks with while this version is served."""
    return Node(INDEX, model_version)


def features(written_at: str) -> Node:
    """The online features as they were after a materialization."""
    return Node(FEATURES, written_at)


def recommendation(recommendation_id: str) -> Node:
    return Node(f"{_RECOMMENDATION}{recommendation_id}")

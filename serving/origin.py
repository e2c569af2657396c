"""From a recommendation's id to the model version that made it."""

from __future__ import annotations

from recolake.errors import ArtifactError, NotFoundError
from recolake.privacy.receipts import refuse_erased
from recolake.ranking.manifest import Manifest, read_manifest
from recolake.ranking.pointer import version_folder
from recolake.ranking.retired import refuse_retired
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.ids import Minted, RecommendationIds


def origin_of(
    settings: Settings, ids: RecommendationIds, tenant: Tenant, recommendation_id: str
) -> tuple[Minted, Manifest]:
    """What the id says, and the manifest of its model version.

    Raises:
        NotFoundError: no such answer of this tenant, or its model version is not kept any more.
        ErasedError: it was for somebody who was erased, or made by a model that held somebody who was.
    """
    minted = ids.read(tenant, recommendation_id)
    refuse_erased(settings, tenant, recommendation_id)
    refuse_retired(settings, tenant, minted.model_version)
    try:
        return minted, read_manifest(version_folder(settings, tenant, minted.model_version))
    except ArtifactError as error:
        raise NotFoundError(
            f"Model version {minted.model_version}, which recommended this, is not kept any more.",
            field="recommendation_id",
        ) from error

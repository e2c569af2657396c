"""What is left to do: all of it after an upload, the rest after an interruption, nothing in a second run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from recolake.demo.tracking import TrainedVersion, trained_versions
from recolake.errors import ArtifactError
from recolake.landing.upload import list_uploads
from recolake.orchestration.backlog import build_is_due, ingested_uploads
from recolake.orchestration.chain import CHAIN, LANDING
from recolake.ranking.history import read_history
from recolake.ranking.manifest import read_manifest
from recolake.ranking.pointer import current_version, version_folder
from recolake.ranking.retired import retired_versions
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_BRONZE, _CANDIDATE = CHAIN[0].writes, CHAIN[-1].reads


def asset_to_announce(spark: SparkSession, settings: Settings, tenant: Tenant) -> str | None:
    """The asset from which the chain must run; None if a trained model knows all that was uploaded.

    A model that the gate turned down counts where another one is served: from the same rows it would be
    turned down again.
    """
    ingested = ingested_uploads(spark, settings, tenant)
    if {upload.upload_id for upload in list_uploads(settings, tenant)} - ingested.keys():
        return LANDING
    useful = {upload for upload, stamp in ingested.items() if stamp is not None}
    if not useful:
        return None
    trained, served = _trained(settings, tenant), current_version(settings, tenant)
    if build_is_due(spark, settings, tenant) or not useful <= _known_uploads(settings, tenant, trained):
        return _BRONZE
    if to_publish(trained, served) and not read_history(settings, tenant).held:
        return _CANDIDATE
    return None if served else _BRONZE


def to_publish(trained: Sequence[TrainedVersion], served: str | None) -> TrainedVersion | None:
    """The model that publication would put into service: the newest that passed, if newer than the served."""
    for version in trained:
        if version.name == served:
            return None
        if version.passed and not version.withdrawn:
            return version
    return None


def turned_down(settings: Settings, tenant: Tenant) -> TrainedVersion | None:
    """The newest model, if the gate turned it down, nobody published it all the same, and no other waits."""
    trained, served = _trained(settings, tenant), current_version(settings, tenant)
    if not trained or trained[0].passed or trained[0].name == served or to_publish(trained, served):
        return None
    return trained[0]


def _trained(settings: Settings, tenant: Tenant) -> list[TrainedVersion]:
    """Newest first; who held somebody that was erased is as good as withdrawn."""
    retired = retired_versions(settings, tenant)
    found = trained_versions(settings, tenant)
    return [replace(version, withdrawn=True) if version.name in retired else version for version in found]


def _known_uploads(settings: Settings, tenant: Tenant, trained: Sequence[TrainedVersion]) -> set[str]:
    """Uploads that the newest model was trained on, as its artefact says; none if it is not on this machine:
    training finds it again."""
    if not trained:
        return set()
    try:
        return set(read_manifest(version_folder(settings, tenant, trained[0].name)).uploads)
    except ArtifactError:
        return set()

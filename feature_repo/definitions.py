"""All definitions, and their application to the registry."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feast import Project
from feast.errors import ProjectObjectNotFoundException
from feast.feature_view import DUMMY_ENTITY_NAME

from feature_repo.data_sources import (
    deeds_in_lake,
    item_embeddings,
    item_features,
    recent_deeds,
    user_embeddings,
    user_features,
)
from feature_repo.entities import item, model_version, tenant, user
from feature_repo.feature_services import (
    live_v1,
    popularity_v1,
    profile_v1,
    recommendation_v1,
    recommendation_v2,
)
from feature_repo.feature_views.items import item_attributes, item_popularity, item_vector
from feature_repo.feature_views.users import user_profile, user_recent, user_vector
from recolake.features import names
from recolake.features.names import PROJECT
from recolake.features.store import registry_snapshot
from recolake.files import write_atomically
from recolake.profile import deeds
from recolake.settings import Settings

if TYPE_CHECKING:
    from feast import FeatureStore

FOLDER = Path(__file__).parent
_TAG = "definitions"

ENTITIES = (tenant, user, item, model_version)
SOURCES = (user_features, item_features, user_embeddings, item_embeddings, deeds_in_lake, recent_deeds)
VIEWS = (user_profile, user_vector, user_recent, item_attributes, item_popularity, item_vector)
SERVICES = (recommendation_v1, recommendation_v2, live_v1, popularity_v1, profile_v1)


def definitions() -> list[Any]:
    """Everything that belongs in the registry."""
    return [*ENTITIES, *SOURCES, *VIEWS, *SERVICES]


def fingerprint() -> str:
    """Hash of the files that hold the definitions, and of Feast's version, which decides how they are stored.

    (Feast's own serialization of one definition differs from process to process.)
    """
    digest = hashlib.sha256(version("feast").encode())
    for path in sorted(
        [
            FOLDER / "entities.py",
            FOLDER / "data_sources.py",
            FOLDER / "feature_services.py",
            *(FOLDER / "feature_views").glob("*.py"),
            Path(names.__file__),
            Path(deeds.__file__),
        ]
    ):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def apply_definitions(settings: Settings, store: FeatureStore) -> bool:
    """Bring the registry and its file snapshot in line with the definitions; True if there was work to do.

    What is no longer defined leaves the registry, and its rows leave Redis.
    """
    expected = fingerprint()
    applied = _applied_fingerprint(store)
    if applied != expected:
        store.apply(definitions(), objects_to_delete=_undefined(store), partial=False)
        # Last, so that a run that is killed before this is done again.
        store.apply([Project(name=PROJECT, description="Features of Recolake", tags={_TAG: expected})])
    snapshot = registry_snapshot(settings)
    if applied != expected or not snapshot.exists():
        write_atomically(snapshot, store.registry.proto().SerializeToString())
        return True
    return False


def _applied_fingerprint(store: FeatureStore) -> str | None:
    try:
        tags: dict[str, str] = store.registry.get_project(PROJECT).tags
    except ProjectObjectNotFoundException:
        return None
    return tags.get(_TAG)


def _undefined(store: FeatureStore) -> list[Any]:
    registered = [
        *store.list_feature_services(),
        *store.list_batch_feature_views(),
        *store.list_data_sources(),
        *(entity for entity in store.list_entities() if entity.name != DUMMY_ENTITY_NAME),
    ]
    defined = {(type(thing), thing.name) for thing in definitions()}
    return [thing for thing in registered if (type(thing), thing.name) not in defined]

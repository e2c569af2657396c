"""From an answer back: what it was made from, and the list as it was."""

from __future__ import annotations

from datetime import timedelta

from recolake.errors import ArtifactError, NotFoundError, RecolakeError
from recolake.experiments.document import Variant
from recolake.experiments.store import ExperimentDocumentError, all_experiments
from recolake.features.names import Service
from recolake.kinds.kinds import Kind
from recolake.ranking.artifact import INDEX_FILE, ITEMS_FILE
from recolake.ranking.items import Items
from recolake.ranking.pointer import version_folder
from recolake.ranking.reasons import Reason
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.usage.lookup import find_usage
from recolake.usage.record import UsageRecord
from serving.api.recommendations.pages import asked_of, recorded
from serving.api.recommendations.schemas import (
    AppliedRules,
    Receipt,
    ReceiptIndex,
    ReceiptModel,
    Replay,
    ReplayedItem,
)
from serving.ids import Minted, RecommendationIds
from serving.origin import origin_of
from serving.shelf import Shelf


class ModelGoneError(RecolakeError):
    """The model version that answered is not kept any more."""

    code = "model_gone"
    status = 410


class Receipts:
    """Answers about answers, without PostgreSQL and the engine; blocks, so call it from a thread."""

    def __init__(self, settings: Settings, shelf: Shelf, ids: RecommendationIds) -> None:
        self._settings = settings
        self._shelf = shelf
        self._ids = ids

    def receipt(self, tenant: Tenant, recommendation_id: str) -> Receipt:
        """Where an answer came from, however long ago, as long as its model version is kept.

        Raises:
            NotFoundError: no such answer of this tenant, or its model version is not kept any more.
        """
        minted, manifest = origin_of(self._settings, self._ids, tenant, recommendation_id)
        record = find_usage(self._settings, tenant, recommendation_id, minted.served_at)
        return Receipt(
            recommendation_id=recommendation_id,
            served_at=minted.served_at,
            variant=minted.variant.value,
            experiment_id=_experiment_id(self._settings, tenant, minted),
            kind=_kind(record),
            scenario=record.scenario if record else None,
            scenario_version=record.scenario_version if record else None,
            model=ReceiptModel(
                name=manifest.model_name,
                version=manifest.model_version,
                mlflow_run_id=manifest.mlflow_run_id,
                code_version=manifest.code_version,
                seed=manifest.seed,
                created_at=manifest.created_at,
            ),
            index=ReceiptIndex(
                sha256=manifest.files[INDEX_FILE].sha256,
                metric=manifest.metric,
                dimension=manifest.dimension,
                count=manifest.count,
            ),
            inputs=manifest.inputs,
            uploads=manifest.uploads,
            recorded=record is not None,
            rules=AppliedRules.model_validate_json(record.rules) if record and record.rules else None,
            feature_service=Service.LIVE.value,
        )

    def replay(self, tenant: Tenant, recommendation_id: str) -> Replay:
        """The list as it was answered.

        Raises:
            NotFoundError: there is no such answer of this tenant, or no record of it.
            ModelGoneError: the model version that made it is not kept any more.
            ErasedError: it was for somebody who was erased, or made by a model that held somebody who was.
        """
        record = recorded(self._settings, self._ids, tenant, recommendation_id)
        items = self._items(tenant, recommendation_id, record)
        acted = AppliedRules.model_validate_json(record.rules).acted if record.rules else {}
        return Replay(
            recommendation_id=recommendation_id,
            served_at=record.served_at,
            model_version=record.model_version or "",
            variant=record.variant or Variant.DEFAULT.value,
            kind=_kind(record),
            scenario=record.scenario,
            scenario_version=record.scenario_version,
            strategy=record.strategy,
            fallback=record.fallback,
            items=[_replayed(record, place, items, acted) for place in range(len(record.item_ids))],
        )

    def _items(self, tenant: Tenant, recommendation_id: str, record: UsageRecord) -> Items:
        """Items of the version that answered, from memory where it is in service still."""
        version = record.model_version or ""
        served = self._shelf.find(tenant)
        try:
            origin_of(self._settings, self._ids, tenant, recommendation_id)
            if served is not None and served.version == version:
                return served.artifact.items
            folder = version_folder(self._settings, tenant, version)
            return Items.from_json((folder / ITEMS_FILE).read_bytes())
        except (NotFoundError, ArtifactError, OSError) as error:
            raise ModelGoneError(
                f"Model version {version}, which recommended this, is not kept any more.",
                hint="`recolake publish --version` fetches it again, where MLflow has it.",
                field="recommendation_id",
            ) from error


def _replayed(record: UsageRecord, place: int, items: Items, acted: dict[str, list[str]]) -> ReplayedItem:
    item = record.item_ids[place]
    row = items.row_of.get(item, -1)
    reason = record.reasons[place] if record.reasons else None
    fields = asked_of(record).get("fields", [])
    return ReplayedItem(
        item_id=item,
        title=(items.titles[row] or None) if row >= 0 else None,
        score=record.scores[place] if record.scores else None,
        reason=reason,
        reason_text=Reason(reason).sentence if reason else None,
        propensity=record.propensities[place] if record.propensities else None,
        attributes={name: items.table.text(name, row) for name in fields} if fields and row >= 0 else None,
        rules=acted.get(item),
    )


def _kind(record: UsageRecord | None) -> Kind | None:
    return Kind(record.kind) if record is not None and record.kind else None


def _experiment_id(settings: Settings, tenant: Tenant, minted: Minted) -> str | None:
    """The experiment of an answer: the latest that had begun; None where a document is damaged."""
    if minted.variant is Variant.DEFAULT:
        return None
    try:
        known = all_experiments(settings, tenant)
    except ExperimentDocumentError:
        return None
    # An id keeps its time in whole milliseconds.
    latest = minted.served_at + timedelta(milliseconds=1)
    begun = [each.experiment_id for each in known if each.started_at <= latest]
    return begun[-1] if begun else None
